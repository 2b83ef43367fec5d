package wire_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func TestSecretsAreFilledAndHidden(t *testing.T) {
	secrets := &wire.Secrets{Resolve: func(_ context.Context, name string) (string, error) {
		if name != "pw" {
			return "", errors.New("no such secret")
		}
		return `it's \ me`, nil
	}}
	sql, err := secrets.Reveal(t.Context(), "CREATE USER u IDENTIFIED BY '{secret:pw}'")
	if err != nil || sql != `CREATE USER u IDENTIFIED BY 'it\'s \\ me'` {
		t.Errorf("%s (%v)", sql, err)
	}
	for _, answer := range []string{`near it's \ me: wrong`, "Syntax error: " + sql} {
		if hidden := secrets.Redact(answer); strings.Contains(hidden, "me") || !strings.Contains(hidden, "{secret:pw}") {
			t.Errorf("%s becomes %s", answer, hidden)
		}
	}
	if _, err := secrets.Reveal(t.Context(), "'{secret:other}'"); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("an unknown secret: %v", err)
	}
	var none *wire.Secrets
	if _, err := none.Reveal(t.Context(), "'{secret:pw}'"); err == nil {
		t.Error("without secrets a reference is sent as it is")
	}
	if sql, err := none.Reveal(t.Context(), "SELECT '{shard}'"); err != nil || sql != "SELECT '{shard}'" {
		t.Errorf("%s (%v)", sql, err)
	}
}

// A secret that is part of another, or of its name, must not leave the rest of it
// in the text.
func TestSecretsWithinSecretsAreHidden(t *testing.T) {
	values := map[string]string{"port": "3", "url": "http://h:3306/word", "word": "word", "secret": "secret"}
	secrets := &wire.Secrets{Resolve: func(_ context.Context, name string) (string, error) { return values[name], nil }}
	for name := range values {
		if _, err := secrets.Reveal(t.Context(), "'{secret:"+name+"}'"); err != nil {
			t.Fatal(err)
		}
	}
	const want = "{secret:url} is not {secret:word}, nor {secret:port}"
	if hidden := secrets.Redact("http://h:3306/word is not word, nor 3"); hidden != want {
		t.Errorf("%s, want %s", hidden, want)
	}
}

// A secret reaches the server, and what the server says of it does not come back.
func TestSecretsOnServers(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster, _ *wire.Pool) {
		pool := wire.NewPool(wire.Options{
			Node: c.Nodes[0].Addr(), Address: c.Nodes[0].Addr(), Database: c.Database, User: "default",
			Secrets: &wire.Secrets{Resolve: func(context.Context, string) (string, error) { return "tr0ub4dor", nil }},
		})
		defer pool.Close()
		rows, err := pool.Rows(t.Context(), wire.Query{SQL: "SELECT length('{secret:x}')", Reveal: true})
		if err != nil || rows[0][0] != "9" {
			t.Errorf("%v (%v)", rows, err)
		}
		rows, err = pool.Rows(t.Context(), wire.Query{SQL: "SELECT length('{secret:x}')"})
		if err != nil || rows[0][0] != "10" {
			t.Errorf("a question of skein's own is filled: %v (%v)", rows, err)
		}
		err = pool.Run(t.Context(), wire.Query{SQL: "SELECT toUInt8('{secret:x}') FRM", Reveal: true})
		if err == nil || strings.Contains(err.Error(), "tr0ub4dor") {
			t.Errorf("the server's answer: %v", err)
		}
	})
}
