// Command devcluster starts and stops real ClickHouse servers on loopback, to
// develop and demonstrate skein on.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRootCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	// Status has printed which server is down.
	if !errors.Is(err, errNotAllServe) {
		fmt.Fprintln(os.Stderr, "devcluster:", err)
	}
	os.Exit(1)
}
