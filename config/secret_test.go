package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/config"
)

func TestSecretNeverShows(t *testing.T) {
	secret := config.Literal("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "nested", struct{ S config.Secret }{secret})
	encoded, err := json.Marshal(map[string]any{"secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ inner config.Secret }{secret}
	texts := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, hidden), fmt.Sprintf(verb, &hidden))
	}
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("shown in %s", text)
		}
	}
	if secret.String() != "[redacted]" {
		t.Errorf("printed as %s", secret)
	}
}

func TestSecretReferences(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ch")
	if err := os.WriteFile(file, []byte("from file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SKEIN_TEST_PASSWORD", "from env")
	for _, test := range []struct{ reference, want, wantErr string }{
		{"env:SKEIN_TEST_PASSWORD", "from env", ""},
		{"env:SKEIN_TEST_NOT_SET", "", "resolve env:SKEIN_TEST_NOT_SET: the environment variable is not set"},
		{"file:" + file, "from file", ""},
		{"file:" + file + "x", "", "no such file"},
		{"0123", "0123", ""},
		{"a:b", "a:b", ""},
	} {
		c := load(t, config.Options{Path: write(t, fmt.Sprintf(
			"clusters: [{name: a, hosts: [a:9000], single_node: true, password: %q}]\ncoordination: {lock: none}\n", test.reference))})
		have, err := c.Clusters[0].Password.Resolve(t.Context())
		if have != test.want || (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
			t.Errorf("%s: %q, %v", test.reference, have, err)
		}
	}
}

// Region and endpoint are configured, and an environment may change them.
func TestParametersAreReadWhereTheConfigurationSays(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		region := strings.Split(r.Header.Get("Authorization"), "/")[2]
		fmt.Fprintf(w, `{"Parameter": {"Value": "{\"password\": \"of %s\"}"}}`, region)
	}))
	defer service.Close()
	file := write(t, fmt.Sprintf(`clusters: [{name: a, hosts: [a:9000], single_node: true, password: "ssm:/prod/ch#password"}]
aws: {region: eu-test-1, endpoint: "http://127.0.0.1:1"}
environments:
  near: {aws: {endpoint: %q}}
  far: {aws: {endpoint: %[1]q, region: us-test-1}}
`, service.URL))
	for environment, want := range map[string]string{"near": "of eu-test-1", "far": "of us-test-1"} {
		c := load(t, config.Options{Path: file, Env: environment})
		if have, err := c.Clusters[0].Password.Resolve(t.Context()); have != want || err != nil {
			t.Errorf("%s: %q, %v", environment, have, err)
		}
	}
	for _, endpoint := range []string{"ssm.example.com", "ftp://ssm.example.com", "https://", "https://me:hunter2@ssm.example.com"} {
		_, err := config.Load(config.Options{Path: write(t, fmt.Sprintf(oneNode+"aws: {endpoint: %q}\n", endpoint))})
		wantError(t, err, "aws.endpoint: want https://host or https://host:port")
	}
}
