package config

import (
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
	SkipVerify bool   // accepts any certificate

	dir string
}

// Load reads the files and makes a configuration for crypto/tls. Its ServerName
// is empty unless configured: set it to each host's name. Errors name the file.
func (t *TLS) Load() (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
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
