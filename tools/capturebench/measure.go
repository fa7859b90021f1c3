package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"
)

// results are the turns of each reader, in the order of readers.
type results struct {
	names        []string
	steady, full [][]turn // by reader, then round
}

// turn is what one reader cost and saw while dnsperf asked.
type turn struct {
	load answered
	cpu  time.Duration
	counted
}

// each is processor time for each packet that passed, whether it was read or lost.
func (t turn) each() float64 { return float64(t.cpu) / float64(max(1, t.load.packets())) }

// lost is the share of packets that passed and are not in the reader's own count.
func (t turn) lost() float64 {
	if !t.known {
		return 0
	}
	return 1 - float64(t.packets)/float64(max(1, t.load.packets()))
}

// measure lets all of them take turns, in each round in another order, so that all meet the same machine.
func (r *results) measure(ctx context.Context, o options, c *cable, l load) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(readers(o), func(x reader) bool { return !only.MatchString(x.name) })
	for _, x := range list {
		r.names = append(r.names, x.name)
	}
	r.steady, r.full = make([][]turn, len(list)), make([][]turn, len(list))
	for range o.rounds {
		for _, at := range []struct {
			wanted bool
			turns  [][]turn
			rate   int
		}{{o.steady, r.steady, o.rate}, {o.full, r.full, 0}} {
			for _, i := range rand.Perm(len(list)) {
				if !at.wanted || at.rate > 0 && len(list[i].command) == 0 {
					continue // nobody costs nothing
				}
				t, err := take(ctx, list[i], c, l, o.span, at.rate)
				if err != nil {
					return fmt.Errorf("%s: %w", list[i].name, err)
				}
				at.turns[i] = append(at.turns[i], t)
			}
		}
	}
	return nil
}

func take(ctx context.Context, who reader, c *cable, l load, span time.Duration, rate int) (t turn, err error) {
	r, err := who.start(ctx, c)
	if err != nil {
		return t, err
	}
	before, err := r.used()
	if err == nil {
		t.load, err = l.run(ctx, c, span, rate)
	}
	// tcpdump is told of what is left in a block after a second.
	time.Sleep(1500 * time.Millisecond)
	after, e := r.used()
	if err == nil {
		err = e
	}
	t.cpu = after - before
	seen, e := r.stop()
	if err == nil {
		err = e
	}
	t.counted = seen
	return t, err
}

// median is the middle of something of the turns.
func median(turns []turn, of func(turn) float64) float64 {
	var list []float64
	for _, t := range turns {
		list = append(list, of(t))
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
