package cluster

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"
)

// A server that refuses the password, or has no such database, does answer: it is told
// what to mend, and is not asked again. The library of 26.7 dies of a refused handshake.
func TestAHostThatRefusesIsNoSilentHost(t *testing.T) {
	for name, test := range map[string]struct {
		code      uint32
		says      string
		want, end string
	}{
		"password": { // it goes on about ClickHouse Cloud
			516, "default: Authentication failed: password is incorrect, or there is no user with such name\n\n" +
				"If you use ClickHouse Cloud, the password can be reset",
			"default: Authentication failed: password is incorrect", ". Mend user or password of the cluster in skein.yaml",
		},
		"database": {
			81, "Database nowhere does not exist", "Database nowhere does not exist",
			". Create it on every node, or mend database of the cluster in skein.yaml",
		},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for {
					client, err := listener.Accept()
					if err != nil {
						return
					}
					refuse(client, test.code, test.says)
				}
			}()
			host := listener.Addr().String()
			set := NewSet(Options{
				Name: "dev", Hosts: []string{host}, SingleNode: true, Database: "nowhere", User: "default", Password: "x",
				ConnectTimeout: 5 * time.Second, ConnectRetries: 1000, ConnectInterval: time.Second,
			})
			defer set.Close()
			_, err = set.Cluster(t.Context(), "dev")
			if err == nil {
				t.Fatal("it let us in")
			}
			have := err.Error()
			if !strings.HasPrefix(have, `cluster "dev": `+host+": "+test.want) || !strings.HasSuffix(have, test.end) || strings.Contains(have, "\n") {
				t.Errorf("have %s", have)
			}
		})
	}
}

func refuse(client net.Conn, code uint32, says string) {
	defer client.Close()
	if _, err := client.Read(make([]byte, 4096)); err != nil {
		return
	}
	text := func(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }
	answer := binary.LittleEndian.AppendUint32([]byte{2}, code) // an exception
	answer = append(answer, text("DB::Exception")...)
	answer = append(answer, text("DB::Exception: "+says)...)
	_, _ = client.Write(append(append(answer, text("")...), 0))
}
