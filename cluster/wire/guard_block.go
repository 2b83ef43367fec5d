package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// block reads a block of columns.
func (g *guard) block() error {
	if proto.FeatureCustomSerialization.In(g.version) {
		g.off = true // skein asks for an older protocol; see modernProtocol
		return nil
	}
	if err := g.all(func() error { return g.strings(1) }, g.blockInfo); err != nil {
		return err
	}
	columns, err := g.number()
	if err != nil {
		return err
	}
	rows, err := g.number()
	if err != nil {
		return err
	}
	if columns > maxColumns || rows > maxRows {
		return fmt.Errorf("malformed answer: a block of %d columns and %d rows", columns, rows)
	}
	for range columns {
		if err := g.strings(1); err != nil {
			return err
		}
		kind, err := g.text()
		if err != nil {
			return err
		}
		if rows == 0 {
			continue
		}
		if err := g.column(kind, rows); err != nil || g.off {
			return err
		}
	}
	return nil
}

// blockInfo is fields with their numbers, up to a 0.
func (g *guard) blockInfo() error {
	for {
		field, err := g.number()
		if err != nil || field == 0 {
			return err
		}
		switch field {
		case 1: // overflows
			err = g.bytes(1)
		case 2: // number of the bucket
			err = g.bytes(4)
		default:
			err = fmt.Errorf("malformed answer: a block with the unknown field %d", field)
		}
		if err != nil {
			return err
		}
	}
}

// column reads the values of a type, rows of them. Of a type that it does not
// know it knows no length: then what comes is no longer looked at.
func (g *guard) column(kind string, rows uint64) error {
	if rows > maxRows {
		return fmt.Errorf("malformed answer: %d values of %s", rows, kind)
	}
	name, arguments, _ := strings.Cut(strings.TrimSuffix(kind, ")"), "(")
	switch name {
	case "String":
		return g.strings(rows)
	case "Nullable":
		return g.all(func() error { return g.bytes(rows) }, func() error { return g.column(arguments, rows) })
	case "Array":
		return g.array(arguments, rows)
	}
	width := widthOf(name, arguments)
	if width == 0 {
		g.off = true
		return nil
	}
	return g.bytes(rows * width)
}

func (g *guard) array(kind string, rows uint64) error {
	if strings.HasPrefix(kind, "LowCardinality") { // has a part before the offsets
		g.off = true
		return nil
	}
	if err := g.bytes(8 * rows); err != nil || rows == 0 {
		return err
	}
	held := g.packet.Bytes()
	values := binary.LittleEndian.Uint64(held[len(held)-8:]) // the end of the last
	return g.column(kind, values)
}

// widthOf is how many bytes a value of a type has, or 0.
func widthOf(name, arguments string) uint64 {
	switch name {
	case "UInt8", "Int8", "Bool", "Enum8", "Nothing":
		return 1
	case "UInt16", "Int16", "Enum16", "Date":
		return 2
	case "UInt32", "Int32", "Float32", "DateTime", "Date32", "IPv4":
		return 4
	case "UInt64", "Int64", "Float64", "DateTime64":
		return 8
	case "UInt128", "Int128", "UUID", "IPv6":
		return 16
	case "UInt256", "Int256":
		return 32
	case "FixedString":
		width, err := strconv.ParseUint(arguments, 10, 31)
		if err != nil {
			return 0
		}
		return width
	}
	return 0
}
