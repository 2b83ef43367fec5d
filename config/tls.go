package config

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLS says how to know a server, and how to be known by it. The zero value
// trusts the system's roots. Paths are absolute or begin at the directory of
// skein.yaml.
type TLS struct {
	CA         string // PEM file of roots; empty: the system's
	Cert, Key  string // PEM files of a client certificate; both or neither
	ServerName string // expected in the server's certificate; empty: the host's name
	MinVersion string // the lowest that is spoken, 1.0 to 1.3; 1.2 when empty
	SkipVerify bool   // accepts any certificate

	dir string
}

const defaultVersion = "1.2"

func tlsVersions() map[string]uint16 {
	return map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
}

// Load reads the files and makes a configuration for crypto/tls. Its ServerName
// is empty unless configured: set it to each host's name. Errors name the file.
func (t *TLS) Load() (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tlsVersions()[cmp.Or(t.MinVersion, defaultVersion)],
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.SkipVerify,
	}
	if t.CA != "" {
		text, err := os.ReadFile(within(t.dir, t.CA))
		if err != nil {
			return nil, fmt.Errorf("read tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read tls.ca: no certificate in %s", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(within(t.dir, t.Cert), within(t.dir, t.Key))
		if err != nil {
			return nil, fmt.Errorf("read tls.cert and tls.key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
