package await_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
)

// said is an event with the time at which it came.
type said struct {
	At   time.Duration
	What string
	Left int
}

// heard runs a wait under a clock of its own and returns what it said and when.
func heard(t *testing.T, wait await.Wait, look func(at time.Duration) (await.Look, error)) (all []said, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		wait.Emit = func(event journal.Event) {
			switch e := event.(type) {
			case journal.Waiting:
				all = append(all, said{time.Since(began), e.Reason, 0})
			case journal.MutationProgress:
				all = append(all, said{time.Since(began), e.Node, e.PartsToDo})
			}
		}
		err = wait.Until(t.Context(), func(context.Context) (await.Look, error) { return look(time.Since(began)) })
		time.Sleep(time.Minute) // what is late would come now
	})
	return all, err
}

func TestAWaitThatEndsSoonSaysNothing(t *testing.T) {
	all, err := heard(t, await.Wait{}, func(at time.Duration) (await.Look, error) {
		return await.Look{Done: at > 200*time.Millisecond, Reason: "n1"}, nil
	})
	if len(all) > 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func TestAWaitSaysItsReasonOnceAndThenOnChange(t *testing.T) {
	all, err := heard(t, await.Wait{}, func(at time.Duration) (await.Look, error) {
		switch {
		case at < 5*time.Second:
			return await.Look{Reason: "n1, n2"}, nil
		case at < 10*time.Second:
			return await.Look{Reason: "n2"}, nil
		}
		return await.Look{Done: true}, nil
	})
	if err != nil || len(all) != 2 || all[0].What != "n1, n2" || all[0].At != await.Quiet || all[1].What != "n2" ||
		all[1].At < 5*time.Second || all[1].At > 6*time.Second {
		t.Errorf("%v, %v", all, err)
	}
}

// A look at a frozen node does not come back; what it asks is said meanwhile.
func TestALookThatHangsIsSpokenOf(t *testing.T) {
	asking := "no answer yet from n2"
	all, err := heard(t, await.Wait{Asking: func() string { return asking }}, func(time.Duration) (await.Look, error) {
		time.Sleep(10 * time.Second)
		return await.Look{Done: true}, nil
	})
	if diff := cmp.Diff([]said{{await.Quiet, asking, 0}}, all); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFiguresAreSaidWhenTheyChange(t *testing.T) {
	all, err := heard(t, await.Wait{}, func(at time.Duration) (await.Look, error) {
		left := max(0, 3-int(at/(4*time.Second)))
		return await.Look{Done: left == 0, Progress: []journal.MutationProgress{{Node: "n1", PartsToDo: left}, {Node: "n2", PartsToDo: 9}}}, nil
	})
	var have []said
	for _, s := range all {
		have = append(have, said{0, s.What, s.Left})
	}
	want := []said{{0, "n1", 3}, {0, "n2", 9}, {0, "n1", 2}, {0, "n1", 1}, {0, "n1", 0}}
	if diff := cmp.Diff(want, have); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestTheLimitEndsAWaitAndSaysWhatIsOpen(t *testing.T) {
	began := time.Duration(0)
	_, err := heard(t, await.Wait{Limit: 8 * time.Second}, func(at time.Duration) (await.Look, error) {
		began = at
		return await.Look{Reason: "n1"}, nil
	})
	var over *await.OverError
	if !errors.As(err, &over) || over.Reason != "n1" || over.Limit != 8*time.Second || began != 8*time.Second {
		t.Errorf("%v after %s", err, began)
	}
}

// With Stalled a wait may last for ever, as long as it gets on.
func TestAStalledWaitEndsWhenNothingGetsOn(t *testing.T) {
	last := time.Duration(0)
	_, err := heard(t, await.Wait{Limit: 10 * time.Second, Stalled: true}, func(at time.Duration) (await.Look, error) {
		last = at
		left := max(5, 20-int(at/(5*time.Second))) // gets on for 75 s
		return await.Look{Progress: []journal.MutationProgress{{Node: "n1", PartsToDo: left}}}, nil
	})
	var over *await.OverError
	if !errors.As(err, &over) || last < 84*time.Second || last > 87*time.Second {
		t.Errorf("%v after %s", err, last)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := await.Wait{}.Until(ctx, func(context.Context) (await.Look, error) { return await.Look{Reason: "n1"}, nil })
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 1500*time.Millisecond {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestAnErrorOfALookEndsAWait(t *testing.T) {
	broken := errors.New("broken")
	if _, err := heard(t, await.Wait{}, func(time.Duration) (await.Look, error) { return await.Look{}, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
