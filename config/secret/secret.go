// Package secret reads what references to secrets name: env:NAME, file:/path and
// ssm:/path#key. What it says of a failure names the reference, never a value.
package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The kinds of references: what stands before the first colon.
const (
	environment = "env"
	file        = "file"
	parameter   = "ssm"
)

// Reader reads references. It may be used by several goroutines; its fields are
// not changed after the first Read.
type Reader struct {
	// Dir is where relative file: paths begin.
	Dir string
	// Lookup finds a variable; os.LookupEnv when nil.
	Lookup func(name string) (string, bool)
	// AWS says where ssm: references are. Nothing of AWS is looked at before the first.
	AWS AWS

	parameters parameters
}

// IsReference says whether a text is a reference, and not a secret itself. One that
// begins like a reference and is none is an error.
func IsReference(text string) (bool, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case environment, file:
		if rest == "" {
			return false, fmt.Errorf("%s: names nothing, use env:NAME, file:/path or ssm:/path#key", kind)
		}
	case parameter:
		name, key, keyed := strings.Cut(rest, "#")
		if len(name) < 2 || name[0] != '/' || keyed && key == "" {
			return false, errors.New("ssm: names no parameter, use ssm:/path or, for a key of its JSON, ssm:/path#key")
		}
	default:
		return false, nil
	}
	return true, nil
}

// Read reads a secret now. A file's last line break is not part of its secret. A
// parameter is asked for once and then remembered.
func (r *Reader) Read(ctx context.Context, reference string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("resolve %s: %w", reference, err)
	}
	value, err := r.read(ctx, reference)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", reference, err)
	}
	return value, nil
}

func (r *Reader) read(ctx context.Context, reference string) (string, error) {
	kind, rest, _ := strings.Cut(reference, ":")
	switch kind {
	case environment:
		value, ok := r.lookup(rest)
		if !ok {
			return "", errors.New("the environment variable is not set")
		}
		return value, nil
	case file:
		path := rest
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.Dir, path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
	case parameter:
		return r.parameter(ctx, rest)
	}
	return "", errors.New("not a reference")
}

func (r *Reader) lookup(name string) (string, bool) {
	if r.Lookup == nil {
		return os.LookupEnv(name)
	}
	return r.Lookup(name)
}
