package testproxy

import (
	"encoding/binary"
	"errors"
	"io"
)

// ZooKeeperPacket reads one packet of ZooKeeper's protocol, its length first.
func ZooKeeperPacket(from io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size > 1<<20 || size < 8 {
		return nil, errors.New("not a packet")
	}
	packet := append(head, make([]byte, size)...)
	_, err := io.ReadFull(from, packet[4:])
	return packet, err
}

// IsZooKeeperMulti says that a packet asks for several operations at once. The
// first packet of a connection has another form, with zeroes where others have
// their operation.
func IsZooKeeperMulti(packet []byte) bool {
	const multi = 14
	return len(packet) >= 12 && binary.BigEndian.Uint32(packet[8:]) == multi
}
