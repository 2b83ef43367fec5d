package tls_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/testca"
	"github.com/skein-migrate/skein/integration/testproxy"
)

// wants is what a command is to end with: code 0, or a preflight error with a text.
func wants(t *testing.T, text string, code int, printed string) {
	t.Helper()
	if text == "" && code != 0 || text != "" && (code != 3 || !strings.Contains(printed, text)) {
		t.Errorf("exit %d, want %q in:\n%s", code, text, printed)
	}
}

func TestAServerThatServesTLS(t *testing.T) {
	s := start(t, "none")
	testca.New(t).Write(t, s.dir, "other")
	for _, test := range []struct{ name, host, keys, want string }{
		{"our CA", "localhost", "{ca: ca.pem}", ""},
		{"TLS 1.3 at least", "localhost", "{ca: ca.pem, min_version: 1.3}", ""},
		{"the system's roots", "localhost", "true", "certificate signed by unknown authority"},
		{"another CA", "localhost", "{ca: other.pem}", "certificate signed by unknown authority"},
		{"another name", "127.0.0.1", "{ca: ca.pem}", "cannot validate certificate for 127.0.0.1"},
		{"the name that is given", "127.0.0.1", "{ca: ca.pem, server_name: ch-1.example.com}", ""},
		{"another name is given", "127.0.0.1", "{ca: ca.pem, server_name: ch-2.example.com}", "certificate is valid for localhost, ch-1.example.com, not ch-2.example.com"},
		{"anything", "127.0.0.1", "{skip_verify: true}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, printed := s.at(test.host).skein(t, test.keys, "list")
			wants(t, test.want, code, printed)
		})
	}
	for _, args := range [][]string{{"migrate"}, {"verify"}, {"rollback", "--group", "events", "--force"}} {
		code, printed := s.at("localhost").skein(t, "{ca: ca.pem}", args...)
		wants(t, "", code, printed)
	}
}

func TestAServerThatWantsAClientCertificate(t *testing.T) {
	s := start(t, "strict")
	testca.WritePair(t, s.dir, "client", s.authority.Client(t))
	testca.WritePair(t, s.dir, "stranger", testca.New(t).Client(t))
	for _, test := range []struct{ name, keys, want string }{
		{"ours", "{ca: ca.pem, cert: client.pem, key: client.key}", ""},
		{"none", "{ca: ca.pem}", "certificate required"},
		{"of another CA", "{ca: ca.pem, cert: stranger.pem, key: stranger.key}", "unknown certificate authority"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, printed := s.at("localhost").skein(t, test.keys, "list")
			wants(t, test.want, code, printed)
		})
	}
}

// A server of today, to which the bytes come as a proxy in front of it unwraps them.
func TestAProxyThatServesTLS(t *testing.T) {
	c := modern.Cluster(t)
	authority := testca.New(t)
	dir := t.TempDir()
	authority.Write(t, dir, "ca")
	before13 := &tls.Config{Certificates: []tls.Certificate{authority.Server(t, "localhost")}, MaxVersion: tls.VersionTLS12}
	proxy := testproxy.New(t, c.Nodes[0].Addr(), testproxy.Options{
		Wrap: func(l net.Listener) net.Listener { return tls.NewListener(l, before13) },
	})
	n := node{dir: dir, address: strings.Replace(proxy.Address(), "127.0.0.1", "localhost", 1), database: c.Database}
	for keys, want := range map[string]string{
		"{ca: ca.pem}":                   "",
		"{ca: ca.pem, min_version: 1.2}": "",
		"{ca: ca.pem, min_version: 1.3}": "protocol version not supported",
		"true":                           "certificate signed by unknown authority",
		"false":                          "main",
	} {
		code, printed := n.skein(t, keys, "list")
		wants(t, want, code, printed)
	}
	for _, args := range [][]string{{"migrate"}, {"verify"}} {
		code, printed := n.skein(t, "{ca: ca.pem}", args...)
		wants(t, "", code, printed)
	}
}
