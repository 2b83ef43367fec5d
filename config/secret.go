package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a password, or where to find one: env:NAME or file:/path. It is
// read by Resolve alone; printed, marshalled or logged it shows the reference,
// or "[redacted]" for a literal. The zero value is the empty password.
type Secret struct {
	reference string // "env:NAME" or "file:/path", as it was written
	dir       string // where a relative file: path begins
	// A pointer, because fmt prints the fields of a struct that it may not
	// call String on, but of a pointer inside it only the address.
	literal *string
}

const redacted = "[redacted]"

// Literal makes a Secret of its value.
func Literal(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{literal: &value}
}

// parseSecret reads a secret or a reference to one. Relative file: paths begin at dir.
func parseSecret(text, dir string) (Secret, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case scheme == "ssm" && strings.HasPrefix(rest, "/"):
		return Secret{}, errors.New("ssm: references are not built in yet, use env:NAME or file:/path")
	case scheme != "env" && scheme != "file":
		return Literal(text), nil
	case rest == "":
		return Secret{}, fmt.Errorf("%s: names nothing, use env:NAME or file:/path", scheme)
	}
	return Secret{reference: text, dir: dir}, nil
}

// Resolve reads the secret now. Errors name the reference, never a value. A
// file's last line break is not part of its secret.
func (s Secret) Resolve(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("resolve %s: %w", s, err)
	}
	scheme, rest, _ := strings.Cut(s.reference, ":")
	switch {
	case s.literal != nil:
		return *s.literal, nil
	case scheme == "env":
		value, ok := os.LookupEnv(rest)
		if !ok {
			return "", fmt.Errorf("resolve %s: the environment variable is not set", s)
		}
		return value, nil
	case scheme == "file":
		text, err := os.ReadFile(within(s.dir, rest))
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", s, err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
	}
	return "", nil
}

// IsZero says that no secret was given.
func (s Secret) IsZero() bool { return s.literal == nil && s.reference == "" }

func (s Secret) String() string {
	if s.literal != nil {
		return redacted
	}
	return s.reference
}

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// MarshalText keeps encoders from printing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps slog from printing the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
