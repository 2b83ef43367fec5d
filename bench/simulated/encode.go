package simulated

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// revision is the newest version of the protocol that the servers speak. A client that
// speaks a newer one comes down to it, as with a real server.
const revision = 54450

// Reply is what is sent for one query.
type Reply struct {
	// First is sent at once: all of the answer, or the columns that an INSERT wants.
	First []byte
	// Then is sent when the rows of an INSERT are there; nil: it is none.
	Then []byte
	// Take gets these rows, a block at a time; nil: they are thrown away.
	Take func(proto.Results) error
}

// For is the reply of a node with an answer that is in the words of the recorded one.
func (a Answer) For(node Node) (Reply, error) {
	reply, err := Encode(a)
	if err != nil {
		return reply, err
	}
	return newMould(reply).cast(node), nil
}

// Encode makes the packets of an answer.
func Encode(answer Answer) (Reply, error) {
	var b proto.Buffer
	if answer.Code != 0 {
		exception(&b, answer.Code, answer.Message)
		return Reply{First: b.Buf}, nil
	}
	if len(answer.Columns) > 0 {
		// As servers do: the columns first, without rows.
		if err := block(&b, answer.Columns, nil); err != nil {
			return Reply{}, fmt.Errorf("%s: %w", answer.Query, err)
		}
	}
	if answer.Takes {
		return Reply{First: b.Buf, Then: []byte{byte(proto.ServerCodeEndOfStream)}}, nil
	}
	if len(answer.Rows) > 0 {
		if err := block(&b, answer.Columns, answer.Rows); err != nil {
			return Reply{}, fmt.Errorf("%s: %w", answer.Query, err)
		}
	}
	proto.ServerCodeEndOfStream.Encode(&b)
	return Reply{First: b.Buf}, nil
}

func exception(b *proto.Buffer, code int, message string) {
	proto.ServerCodeException.Encode(b)
	b.PutInt32(int32(code))
	b.PutString("DB::Exception")
	b.PutString("DB::Exception: " + message)
	b.PutString("")
	b.PutBool(false)
}

func block(b *proto.Buffer, columns []Column, rows [][]string) error {
	input := make([]proto.InputColumn, len(columns))
	for i, column := range columns {
		var data proto.ColAuto
		if err := data.Infer(proto.ColumnType(column.Type)); err != nil {
			return fmt.Errorf("column %s: %w", column.Name, err)
		}
		for _, row := range rows {
			if err := put(data.Data, row[i]); err != nil {
				return fmt.Errorf("column %s: %w", column.Name, err)
			}
		}
		input[i] = proto.InputColumn{Name: column.Name, Data: typed{data.Data, proto.ColumnType(column.Type)}}
		if prepared, ok := data.Data.(proto.Preparable); ok && len(rows) > 0 {
			if err := prepared.Prepare(); err != nil {
				return fmt.Errorf("column %s: %w", column.Name, err)
			}
		}
	}
	proto.ServerCodeData.Encode(b)
	b.PutString("") // no external table
	return proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(columns), Rows: len(rows)}.EncodeBlock(b, revision, input)
}

// typed is a column under the very name of its type that the server gave: that of an Enum has
// its values.
type typed struct {
	proto.Column
	name proto.ColumnType
}

// Type implements proto.ColInput.
func (t typed) Type() proto.ColumnType { return t.name }

// put adds a value to a column of a type that skein's questions are answered in.
func put(column proto.Column, text string) error {
	switch c := column.(type) {
	case proto.ColumnOf[string]:
		c.Append(text)
	case proto.ColumnOf[uint8]:
		return number(c, text)
	case proto.ColumnOf[uint64]:
		return number(c, text)
	default:
		return fmt.Errorf("no answer of the type %s is known here", column.Type())
	}
	return nil
}

func number[T uint8 | uint64](column proto.ColumnOf[T], text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	column.Append(T(n))
	return nil
}

// Text is what put makes a value of again.
func Text(column any, row int) (string, error) {
	switch c := column.(type) {
	case interface{ Row(i int) string }:
		return c.Row(row), nil
	case interface{ Row(i int) uint8 }:
		return strconv.Itoa(int(c.Row(row))), nil
	case interface{ Row(i int) uint64 }:
		return strconv.FormatUint(c.Row(row), 10), nil
	}
	return "", fmt.Errorf("no answer of the type %T is known here", column)
}

// mould is an answer in which the words of the recorded node are written over by those of
// the node that answers.
type mould struct {
	packets []byte
	then    []byte
	places  []place
}

// place is where a word is.
type place struct{ at, word int }

func newMould(reply Reply) mould {
	m := mould{packets: reply.First, then: reply.Then}
	for i, word := range append(Recorded().words(), Clock) {
		for at := 0; ; at++ {
			next := bytes.Index(m.packets[at:], []byte(word))
			if next < 0 {
				break
			}
			at += next
			m.places = append(m.places, place{at, i})
		}
	}
	slices.SortFunc(m.places, func(a, b place) int { return a.at - b.at })
	return m
}

// cast is the answer of a node.
func (m mould) cast(node Node) Reply {
	if len(m.places) == 0 {
		return Reply{First: m.packets, Then: m.then}
	}
	out := bytes.Clone(m.packets)
	words := append(node.words(), strconv.FormatInt(time.Now().Unix(), 10))
	for _, p := range m.places {
		copy(out[p.at:], words[p.word])
	}
	return Reply{First: out, Then: m.then}
}
