package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// Password is a user's. Only its hash is in any statement, and even that as a
// reference, which is filled when the statement is sent.
type Password struct {
	// Reference begins the names of the secrets that Secrets returns.
	Reference string
	value     string
	salt      string
}

// NewPassword takes the value of a password, under a reference that no other user
// of the configuration has.
func NewPassword(reference, value string) (Password, error) {
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return Password{}, fmt.Errorf("make a salt: %w", err)
	}
	return Password{Reference: reference, value: value, salt: strings.ToUpper(hex.EncodeToString(salt))}, nil
}

// String keeps the value out of what is printed.
func (p Password) String() string { return "{secret:" + p.Reference + "}" }

// GoString keeps %#v from printing the value.
func (p Password) GoString() string { return fmt.Sprintf("access.Password(%q)", p.Reference) }

// Secrets are the values of what authentication refers to, by name: hashes, and the
// salt, never the password.
func (p Password) Secrets() map[string]string {
	return map[string]string{
		p.Reference + ".salt":   p.salt,
		p.Reference + ".salted": hash(p.value + p.salt),
		p.Reference + ".sha256": hash(p.value),
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// takesSalt says since when SALT may be given with a hash (#37377).
func takesSalt(v ops.Version) bool { return !v.Less(ops.Version{Major: 22, Minor: 6}) }

// authentication is how a server is told the password: by a salted hash, or by a
// plain one where it takes no salt.
func (p Password) authentication(v ops.Version) *ops.Authentication {
	reference := func(name string) string { return "{secret:" + p.Reference + "." + name + "}" }
	if !takesSalt(v) {
		return &ops.Authentication{Method: "sha256_hash", By: reference("sha256")}
	}
	return &ops.Authentication{Method: "sha256_hash", By: reference("salted"), Salt: reference("salt")}
}

// Signing is how a user signs in, to see whether a node knows the password.
type Signing struct{ User, Password string }

// Signings are those of all declared users.
func (d Declared) Signings() []Signing {
	out := make([]Signing, len(d.Users))
	for i, user := range d.Users {
		out[i] = Signing{User: user.Name, Password: user.Password.value}
	}
	return out
}
