package testproxy

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"unicode"

	"github.com/ClickHouse/ch-go/proto"
)

// legacyProtocol is what skein speaks with ClickHouse 18.16.
const legacyProtocol = 54031

// Answered says that a server's answer of the native protocol ends: with the end
// of the stream, with an exception, or with the columns of an INSERT that wants
// its rows. It goes by the first byte and the last, which is enough for statements.
func Answered(answer []byte) bool {
	if len(answer) == 0 {
		return false
	}
	return proto.ServerCode(answer[0]) == proto.ServerCodeException ||
		proto.ServerCode(answer[len(answer)-1]) == proto.ServerCodeEndOfStream
}

// Exception is a server's packet: kind, code, name, message, stack trace, and
// whether another follows.
func Exception(code int32, message string) []byte {
	var b proto.Buffer
	proto.ServerCodeException.Encode(&b)
	b.PutInt32(code)
	b.PutString("DB::Exception")
	b.PutString("DB::Exception: " + message)
	b.PutString("")
	b.PutBool(false)
	return b.Buf
}

// HostRow is one row of the answer to ON CLUSTER.
type HostRow struct {
	Host   string
	Port   int
	Status int64
	Error  string
}

// HostRows is the answer of 18.16 to ON CLUSTER: a block with a row for each
// host, and the end of the stream. The columns are host, port, status, error,
// num_hosts_remaining and num_hosts_active.
func HostRows(rows ...HostRow) ([]byte, error) {
	var host, text proto.ColStr
	var port proto.ColUInt16
	var status proto.ColInt64
	var remaining, active proto.ColUInt64
	for i, row := range rows {
		host.Append(row.Host)
		port.Append(uint16(row.Port))
		status.Append(row.Status)
		text.Append(row.Error)
		remaining.Append(uint64(len(rows) - 1 - i))
		active.Append(0)
	}
	input := []proto.InputColumn{
		{Name: "host", Data: &host},
		{Name: "port", Data: &port},
		{Name: "status", Data: &status},
		{Name: "error", Data: &text},
		{Name: "num_hosts_remaining", Data: &remaining},
		{Name: "num_hosts_active", Data: &active},
	}
	b := data()
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: len(rows)}
	if err := block.EncodeBlock(b, legacyProtocol, input); err != nil {
		return nil, err
	}
	proto.ServerCodeEndOfStream.Encode(b)
	return b.Buf, nil
}

// data is the beginning of a block's packet.
func data() *proto.Buffer {
	var b proto.Buffer
	proto.ServerCodeData.Encode(&b)
	b.PutString("") // no external table
	return &b
}

// The malformed packets. Each begins like one that a server may send.

// UnknownPacket has a kind that no server knows.
func UnknownPacket() []byte { return bytes.Repeat([]byte{0x7f}, 16) }

// TruncatedBlock is a block of one column of which the rows are missing.
func TruncatedBlock() []byte {
	b := data()
	proto.BlockInfo{BucketNum: -1}.Encode(b)
	b.PutInt(1)
	b.PutInt(10)
	b.PutString("host")
	b.PutString("String")
	b.PutString("ch-1")
	return b.Buf
}

// AbsurdLength is an exception with a name of so many bytes, of which none follow.
func AbsurdLength(length uint64) []byte {
	b := []byte{byte(proto.ServerCodeException)}
	b = binary.LittleEndian.AppendUint32(b, 60)
	return binary.AppendUvarint(b, length)
}

// AbsurdColumns is a block that says it has 2⁶³-1 columns.
func AbsurdColumns() []byte {
	b := data()
	proto.BlockInfo{BucketNum: -1}.Encode(b)
	b.PutUVarInt(math.MaxInt64)
	b.PutUVarInt(math.MaxInt64)
	return b.Buf
}

// BeginsQuery says that what a client sent begins with a query. The middle of a
// block of rows may begin with the same byte, but not with the query ID that
// ch-go gives to each query.
func BeginsQuery(request []byte) bool {
	if len(request) == 0 || proto.ClientCode(request[0]) != proto.ClientCodeQuery {
		return false
	}
	id, err := proto.NewReader(bytes.NewReader(request[1:])).Str()
	return err == nil && id != "" && strings.IndexFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
