package wire

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/ops"
)

// Secrets fills the references {secret:NAME} of statements when they are sent,
// and hides the values wherever a server repeats them. The zero value knows none.
type Secrets struct {
	// Resolve reads a secret by its name. Its errors name the reference, never a value.
	Resolve func(ctx context.Context, name string) (string, error)

	mu    sync.Mutex
	known map[string]string // values by reference, of all that were sent
}

// Reveal fills the references of a statement. They stand in quotes, so that a
// value is escaped as in a string literal.
func (s *Secrets) Reveal(ctx context.Context, sql string) (string, error) {
	var failure error
	text := regexp.MustCompile(ops.SecretPattern).ReplaceAllStringFunc(sql, func(reference string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(reference, "{secret:"), "}")
		if s == nil || s.Resolve == nil {
			failure = fmt.Errorf("secret %s is not configured", name)
			return reference
		}
		value, err := s.Resolve(ctx, name)
		if err != nil {
			failure = fmt.Errorf("secret %s: %w", name, err)
			return reference
		}
		s.remember(reference, value)
		quoted := ops.String(value)
		return quoted[1 : len(quoted)-1]
	})
	return text, failure
}

func (s *Secrets) remember(reference, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[reference] = value
}

// Redact puts the references back in place of the values, plain or escaped. It is
// one pass, the longest first: a secret may be a part of another, or of its name.
func (s *Secrets) Redact(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	references := map[string]string{}
	for _, reference := range slices.Sorted(maps.Keys(s.known)) {
		value := s.known[reference]
		quoted := ops.String(value)
		references[value], references[quoted[1:len(quoted)-1]] = reference, reference
	}
	delete(references, "")
	values := slices.SortedFunc(maps.Keys(references), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, value := range values {
		pairs = append(pairs, value, references[value])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
