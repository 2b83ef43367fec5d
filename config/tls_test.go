package config_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/integration/testca"
)

// handshake is what a server and a client that is configured say of each other. The
// client's word comes after it read: before that, TLS 1.3 does not tell it that its
// certificate is missed.
func handshake(t *testing.T, server *tls.Config, client *tls.Config) error {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("ok")) // an error is the client's too
	}()
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: client}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.ReadFull(conn, make([]byte, 2))
	return err
}

func TestTLS(t *testing.T) {
	ours, other := testca.New(t), testca.New(t)
	plain := &tls.Config{Certificates: []tls.Certificate{ours.Server(t, "localhost")}}
	named := &tls.Config{Certificates: []tls.Certificate{ours.Server(t, "ch-1.example.com")}}
	strict := plain.Clone()
	strict.ClientAuth, strict.ClientCAs = tls.RequireAndVerifyClientCert, ours.Pool()
	old := plain.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	before13 := plain.Clone()
	before13.MaxVersion = tls.VersionTLS12
	for _, test := range []struct {
		name, keys string
		server     *tls.Config
		want       string // of the error, empty for none
	}{
		{"the system's roots", "true", plain, "certificate signed by unknown authority"},
		{"our CA", "{ca: ca.pem}", plain, ""},
		{"another CA", "{ca: other.pem}", plain, "certificate signed by unknown authority"},
		{"another name", "{ca: ca.pem}", named, "certificate is valid for ch-1.example.com, not localhost"},
		{"the name that is given", "{ca: ca.pem, server_name: ch-1.example.com}", named, ""},
		{"the wrong name is given", "{ca: ca.pem, server_name: ch-2.example.com}", plain, "valid for localhost, not ch-2.example.com"},
		{"a client certificate", "{ca: ca.pem, cert: client.pem, key: client.key}", strict, ""},
		{"no client certificate", "{ca: ca.pem}", strict, "certificate required"},
		{"a client certificate of another CA", "{ca: ca.pem, cert: stranger.pem, key: stranger.key}", strict, "certificate"},
		{"TLS 1.1 is refused", "{ca: ca.pem}", old, "protocol version not supported"},
		{"TLS 1.1 is asked for", "{ca: ca.pem, min_version: 1.0}", old, ""},
		{"TLS 1.2 is enough", "{ca: ca.pem}", before13, ""},
		{"TLS 1.2 is not enough", "{ca: ca.pem, min_version: 1.3}", before13, "protocol version not supported"},
		{"anything", "{skip_verify: true}", named, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := write(t, fmt.Sprintf("clusters: [{name: a, hosts: [a:9440], single_node: true, tls: %s}]\n", test.keys))
			dir := filepath.Dir(file)
			ours.Write(t, dir, "ca")
			other.Write(t, dir, "other")
			testca.WritePair(t, dir, "client", ours.Client(t))
			testca.WritePair(t, dir, "stranger", other.Client(t))
			client, err := load(t, config.Options{Path: file}).Clusters[0].TLS.Load()
			if err != nil {
				t.Fatal(err)
			}
			err = handshake(t, test.server, client)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestWhatIsWrongWithFilesOfTLS(t *testing.T) {
	for keys, want := range map[string]string{
		"{ca: nowhere.pem}":                          "read tls.ca: open ",
		"{ca: skein.yaml}":                           "read tls.ca: no certificate in skein.yaml",
		"{cert: skein.yaml, key: skein.yaml}":        "read tls.cert and tls.key: ",
		"{cert: nowhere.pem, key: nowhere-else.pem}": "read tls.cert and tls.key: open ",
	} {
		file := write(t, fmt.Sprintf("clusters: [{name: a, hosts: [a:9440], single_node: true, tls: %s}]\n", keys))
		_, err := config.Check(t.Context(), config.Options{Path: file})
		wantError(t, err, file+":1:58: clusters[0].tls: "+want)
	}
	for keys, want := range map[string]string{
		"{cert: a.pem}":      "clusters[0].tls: cert and key go together",
		"{min_version: 1.4}": "clusters[0].tls.min_version: want one of 1.0, 1.1, 1.2, 1.3",
		"{min_version: []}":  "clusters[0].tls.min_version: want one of 1.0, 1.1, 1.2, 1.3",
	} {
		_, err := config.Load(config.Options{Path: write(t, fmt.Sprintf("clusters: [{name: a, hosts: [a:9440], single_node: true, tls: %s}]\n", keys))})
		wantError(t, err, want)
	}
}

// Roots are read once in a process, so that those of a test need one of their own.
func TestTLSAloneTrustsTheRootsOfTheSystem(t *testing.T) {
	if address := os.Getenv("SKEIN_TEST_TLS"); address != "" {
		c := load(t, config.Options{Path: write(t, "clusters: [{name: a, hosts: [a:9440], single_node: true, tls: true}]\n")})
		client, err := c.Clusters[0].TLS.Load()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		return
	}
	ours, dir := testca.New(t), t.TempDir()
	ours.Write(t, dir, "ca")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{ours.Server(t, "127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1)) // the handshake, and the client's end
			conn.Close()
		}
	}()
	for roots, want := range map[string]bool{filepath.Join(dir, "ca.pem"): true, os.DevNull: false} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), "SKEIN_TEST_TLS="+listener.Addr().String(), "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+t.TempDir())
		if out, err := child.CombinedOutput(); (err == nil) != want {
			t.Errorf("with the roots of %s: %v\n%s", roots, err, out)
		}
	}
}
