package config

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/skein-migrate/skein/config/secret"
)

// Secret is a password, or where to find one: env:NAME, file:/path or
// ssm:/path#key. It is read by Resolve alone; printed, marshalled or logged it
// shows the reference, or "[redacted]" for a literal. The zero value is the empty
// password.
type Secret struct {
	reference string // as it was written
	reader    *secret.Reader
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

// parseSecret reads a secret or a reference to one.
func parseSecret(text string, reader *secret.Reader) (Secret, error) {
	reference, err := secret.IsReference(text)
	switch {
	case err != nil:
		return Secret{}, err
	case !reference:
		return Literal(text), nil
	}
	return Secret{reference: text, reader: reader}, nil
}

// Resolve reads the secret now. Errors name the reference, never a value. A
// file's last line break is not part of its secret; a parameter of ssm: is asked
// for once, and may take as long as aws.timeout.
func (s Secret) Resolve(ctx context.Context) (string, error) {
	switch {
	case s.literal != nil:
		return *s.literal, nil
	case s.reference != "":
		return s.reader.Read(ctx, s.reference)
	}
	return "", ctx.Err()
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
