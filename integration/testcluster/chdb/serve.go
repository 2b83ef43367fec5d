// Package chdb serves ClickHouse out of libchdb.so, which is loaded at run time
// and called without cgo.
package chdb

import (
	"fmt"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/ebitengine/purego"
)

// Serve loads the library and runs ClickHouse's command line in it with args
// (flags only). It returns when that ends: with a query which opens the server's
// ports and sleeps, when the process is killed.
func Serve(lib string, args []string) error {
	handle, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load %s: %w", lib, err)
	}
	var (
		setSignalHandlers func(int32)
		queryCommandLine  func(int32, **byte) uintptr
	)
	purego.RegisterLibFunc(&setSignalHandlers, handle, "chdb_set_signal_handlers_enabled")
	purego.RegisterLibFunc(&queryCommandLine, handle, "chdb_query_cmdline")

	// Its crash handlers would take the place of Go's. SIGTERM it takes over anyway,
	// and swallows: only SIGKILL ends such a process.
	setSignalHandlers(0)
	// A client that dies while it is answered would end the whole server: Go passes on
	// a SIGPIPE of a thread that is not its own, and a thread of the library's is not.
	signal.Ignore(syscall.SIGPIPE)
	argv := cStrings(append([]string{"clickhouse"}, args...))
	queryCommandLine(int32(len(argv)-1), &argv[0])
	runtime.KeepAlive(argv)
	return fmt.Errorf("clickhouse ended")
}

// cStrings makes an argv: zero-terminated strings, and a nil at the end.
func cStrings(args []string) []*byte {
	argv := make([]*byte, 0, len(args)+1)
	for _, arg := range args {
		argv = append(argv, &append([]byte(arg), 0)[0])
	}
	return append(argv, nil)
}
