package wire

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// A node that takes connections and says nothing: whoever's time is over first is
// the one that is named.
func TestDialSaysWhoseTimeIsOver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := dial(ctx, Options{Address: listener.Addr().String(), DialTimeout: time.Minute}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's time was over: %v", err)
	}
	if _, err := dial(t.Context(), Options{Address: listener.Addr().String(), DialTimeout: 50 * time.Millisecond}); err == nil || !strings.Contains(err.Error(), "no answer in 50ms") {
		t.Errorf("the node's time was over: %v", err)
	}
}
