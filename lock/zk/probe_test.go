package zk_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/lock/zk"
)

// A probe says which server answers, how fast, and who holds the lock; it leaves
// nothing behind.
func TestProbe(t *testing.T) {
	address := server.start(t)
	locker := zk.New(options(address))
	found, err := locker.Probe(t.Context(), "probed")
	if err != nil {
		t.Fatal(err)
	}
	if found.Server != address || found.Latency <= 0 || found.Latency > timeout || found.Holder != nil {
		t.Errorf("%+v", found)
	}
	lease, err := locker.Acquire(t.Context(), "probed", holder("first"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if lease.Epoch() != 1 {
		t.Errorf("the probe took epoch %d", lease.Epoch()-1)
	}
	if found, err = locker.Probe(t.Context(), "probed"); err != nil || found.Holder == nil || found.Holder.RunID != "first" {
		t.Errorf("%+v, %v", found, err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProbeNamesServersThatDoNotAnswer(t *testing.T) {
	p := newProxy(t, server.start(t), nil)
	p.Silence()
	_, err := zk.New(options(p.Address())).Probe(t.Context(), "probed")
	if err == nil || !strings.Contains(err.Error(), p.Address()) {
		t.Errorf("%v", err)
	}
}
