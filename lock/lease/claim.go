package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// claim is what a claim's table says from the moment that it is there.
type claim struct {
	Epoch   uint64         `json:"epoch"`
	Holder  journal.Holder `json:"holder"`
	Expires uint64         `json:"expires"` // Unix seconds, the server's; rows may have a later one
	Nonce   string         `json:"nonce"`   // of the call of Acquire that made it
	live    bool
}

func (c claim) text() (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}

// view is all claims as they were seen, and when.
type view struct {
	claims []claim
	now    uint64    // the server's clock, before the claims were read
	asked  time.Time // ours, before the server's
}

func (v view) highest() uint64 {
	highest := uint64(0)
	for _, c := range v.claims {
		highest = max(highest, c.Epoch)
	}
	return highest
}

// holding is the live claim with the highest epoch.
func (v view) holding() *claim {
	var found *claim
	for i, c := range v.claims {
		if c.live && (found == nil || c.Epoch > found.Epoch) {
			found = &v.claims[i]
		}
	}
	return found
}

func (v view) find(own claim) *claim {
	for i, c := range v.claims {
		if c.Epoch == own.Epoch && c.Nonce == own.Nonce {
			return &v.claims[i]
		}
	}
	return nil
}

func (v view) liveBeside(own claim) bool {
	for _, c := range v.claims {
		if c.live && c.Epoch != own.Epoch {
			return true
		}
	}
	return false
}

// look reads the claims. One that is dropped meanwhile is left out.
func (l *Locker) look(ctx context.Context) (view, error) {
	v := view{asked: time.Now()}
	rows, err := l.query(ctx, "SELECT "+clock)
	if err != nil {
		return v, err
	}
	if v.now, err = strconv.ParseUint(rows[0][0], 10, 64); err != nil {
		return v, fmt.Errorf("the server's clock: %w", err)
	}
	if v.claims, err = l.claims(ctx); err != nil {
		return v, err
	}
	for i := 0; i < len(v.claims); i++ {
		c := &v.claims[i]
		if c.live, err = l.isLive(ctx, *c); err == nil {
			continue
		}
		left, listErr := l.claims(ctx)
		if listErr != nil || (view{claims: left}).find(*c) != nil {
			return v, errors.Join(err, listErr)
		}
		v.claims = append(v.claims[:i], v.claims[i+1:]...)
		i--
	}
	return v, nil
}

// clock is the server's time in Unix seconds.
const clock = "toString(toUnixTimestamp(now()))"

// claims reads what the claims said when they were made.
func (l *Locker) claims(ctx context.Context) ([]claim, error) {
	prefix := l.options.Table + "_"
	rows, err := l.query(ctx, "SELECT table, default_expression FROM system.columns WHERE database = "+
		ops.String(l.options.Database)+" AND name = 'claim' AND startsWith(table, "+ops.String(prefix)+")")
	if err != nil {
		return nil, err
	}
	var found []claim
	for _, row := range rows {
		epoch, err := strconv.ParseUint(strings.TrimPrefix(row[0], prefix), 10, 64)
		if err != nil || l.name(epoch) != row[0] {
			continue // another lock's, or another tool's
		}
		var c claim
		if json.Unmarshal([]byte(literal(row[1])), &c) != nil {
			// A later skein's, perhaps: held until its rows say otherwise.
			c.Holder = journal.Holder{RunID: "unknown", Command: "unreadable claim in " + row[0]}
			c.Expires = 1<<64 - 1
		}
		c.Epoch = epoch
		found = append(found, c)
	}
	return found, nil
}

// isLive says whether a claim is neither released nor expired.
func (l *Locker) isLive(ctx context.Context, c claim) (bool, error) {
	rows, err := l.query(ctx, "SELECT "+l.liveSQL(c)+" FROM "+l.table(c.Epoch))
	if err != nil {
		return false, err
	}
	return rows[0][0] == "1", nil
}

// liveSQL is an expression over the rows of a claim, of which there may be none.
func (l *Locker) liveSQL(c claim) string {
	return fmt.Sprintf("toString(max(released) = 0 AND greatest(max(expires), toUInt64(%d)) > toUnixTimestamp(now()))", c.Expires)
}

func (l *Locker) name(epoch uint64) string { return fmt.Sprintf("%s_%d", l.options.Table, epoch) }

func (l *Locker) table(epoch uint64) string {
	return ops.Ident(l.options.Database) + "." + ops.Ident(l.name(epoch))
}

// literal reads a string literal as servers write them.
func literal(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "'"), "'")
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		if at := strings.IndexByte("0bfnrt", text[i]); at >= 0 {
			b.WriteByte("\x00\b\f\n\r\t"[at])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
