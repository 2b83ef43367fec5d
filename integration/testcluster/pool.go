package testcluster

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// Pool is clusters of one shape for tests that run in parallel: each test has
// one for itself. They start as tests ask for more than there are. The zero value
// with a Size is ready to use; Main must be told of it.
type Pool struct {
	Options Options
	Size    int // at most so many; of servers that are kept there is one

	mu      sync.Mutex
	changed *sync.Cond
	all     []*Shared
	free    []*Shared // the last one was used last
}

// Cluster is as Shared.Cluster, and waits until one is free. It is the test's
// until that ends, subtests included: a subtest of a test that has one must not
// ask for another.
func (p *Pool) Cluster(t *testing.T) *Cluster {
	t.Helper()
	s := p.take()
	t.Cleanup(func() { p.put(s) })
	return s.Cluster(t)
}

func (p *Pool) take() *Shared {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = sync.NewCond(&p.mu)
	}
	size := p.Size
	if os.Getenv(keptVariable) != "" {
		size = 1
	}
	for len(p.free) == 0 {
		if len(p.all) < size {
			s := &Shared{Options: p.Options}
			p.all = append(p.all, s)
			return s
		}
		p.changed.Wait()
	}
	s := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return s
}

func (p *Pool) put(s *Shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
	p.changed.Signal()
}

func (p *Pool) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.all {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}

// Own is a cluster for one test, of a shape that no other test has, with the gate
// of Shared.Cluster.
func Own(t *testing.T, o Options) *Cluster {
	t.Helper()
	s := &Shared{Options: o}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s.Cluster(t)
}
