package dump

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// hidden is what servers show in place of a secret.
const hidden = "[HIDDEN]"

// withReferences puts {secret:NAME} where a server hides a secret, or where one that
// shows them has what is called a password. The names, made of the table's and of
// the key's, are returned too.
func withReferences(create, table string, shown bool) (string, []string) {
	t := lex(create)
	var names []string
	var b strings.Builder
	at := 0
	for i, tok := range t.tokens {
		if tok.kind != literal {
			continue
		}
		key := t.keyOf(i)
		value := tok.value
		secret := shown && regexp.MustCompile(`(?i)(password|secret|token|private_key|account_key|passphrase)`).MatchString(key)
		inURL := regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
		switch {
		case value == "" || regexp.MustCompile(`^`+ops.SecretPattern+`$`).MatchString(value):
			continue
		case strings.Contains(value, hidden), secret, shown && inURL.MatchString(value):
		default:
			continue
		}
		reference := secretName(table, key, names)
		names = append(names, reference)
		mark := "{secret:" + reference + "}"
		switch {
		case strings.Contains(value, hidden):
			value = strings.ReplaceAll(value, hidden, mark)
		case secret:
			value = mark
		default:
			value = inURL.ReplaceAllString(value, "${1}"+mark+"@")
		}
		b.WriteString(create[at:tok.from] + ops.String(value))
		at = tok.to
	}
	return b.String() + create[at:], names
}

// keyOf is the word that a value stands behind, with = between them or not.
func (t text) keyOf(i int) string {
	if i > 1 && t.tokens[i-1].sign("=") {
		i--
	}
	if i > 0 && t.tokens[i-1].named() {
		return t.tokens[i-1].value
	}
	return ""
}

func secretName(table, key string, taken []string) string {
	plain := regexp.MustCompile(`[^A-Za-z0-9_]+`)
	first := plain.ReplaceAllString(strings.ToLower(table+"_"+cmp.Or(key, "secret")), "_")
	found := first
	for n := 2; slices.Contains(taken, found); n++ {
		found = fmt.Sprintf("%s_%d", first, n)
	}
	return found
}

// showsSecrets says that a server does not hide what engines and table functions
// are given as a password, by position.
func showsSecrets(version ops.Version) bool {
	return version.Less(ops.Version{Major: 23, Minor: 1})
}

// takesSecret finds an engine or a table function that may be given a password
// among its arguments; empty: none.
func (t text) takesSecret() string {
	known := regexp.MustCompile(`(?i)^(remote|remoteSecure|mysql|postgresql|materializedpostgresql|mongodb|redis|rabbitmq|nats|jdbc|odbc|headers|s3\w*|gcs|cosn|oss|azure\w*|hdfs\w*|deltaLake\w*|iceberg\w*|hudi\w*|sqlite)$`)
	for i, tok := range t.tokens {
		if tok.named() && t.at(i+1, "(") && known.MatchString(tok.value) {
			for _, inside := range t.tokens[i+1 : min(t.match(i+1), len(t.tokens))] {
				if inside.kind == literal {
					return tok.value
				}
			}
		}
	}
	return ""
}
