package testcluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// ports hands out free TCP ports of the loopback interface. They lie below the
// range from which the kernel serves outgoing connections, since one of those
// would take a killed node's port away before its restart.
//
// Each is reserved by a bound UDP socket of the same number, which every other
// test run looks at and no server minds; a probe by TCP alone would leave a gap
// between looking and starting.
type ports struct {
	lowest, below int
	held          []net.PacketConn
}

func newPorts() *ports {
	p := &ports{lowest: 11000, below: 32768}
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return p
	}
	var first int
	if _, err := fmt.Sscan(string(b), &first); err == nil && first > p.lowest+1000 {
		p.below = first
	}
	return p
}

func (p *ports) take() (int, error) {
	for range 1000 {
		port := p.lowest + rand.IntN(p.below-p.lowest)
		if p.reserve(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port on loopback found")
}

func (p *ports) reserve(port int) bool {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		_ = udp.Close()
		return false
	}
	_ = tcp.Close()
	p.held = append(p.held, udp)
	return true
}

func (p *ports) release() {
	for _, c := range p.held {
		_ = c.Close()
	}
	p.held = nil
}
