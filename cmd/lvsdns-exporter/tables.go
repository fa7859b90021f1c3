package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// tables are the readers of IPVS's tables: they go on through a reload that does not change how they read.
type tables struct {
	how struct {
		config.Sources
		config.Keepalived
		config.Connections
	}
	kernel      *ipvs.Client
	connections *exporter.Connections
	end         func()
}

// read makes the readers of tables, unless the ones there are read as the settings say.
func (s *service) read(ctx context.Context) {
	t := &tables{}
	t.how.Sources, t.how.Keepalived, t.how.Connections = s.settings.Sources, s.settings.Keepalived, s.settings.Connections
	if s.tables != nil && s.tables.how == t.how {
		return
	}
	proc := ipvs.Proc(filepath.Join(s.settings.Sources.Root, "proc"))
	t.kernel = ipvs.New(ipvs.Config{Proc: string(proc), Timeout: s.settings.Sources.Timeout})
	t.connections = connections(s.settings, t.kernel, proc)
	if s.tables != nil {
		s.tables.end()
	}
	s.tables = t
	own, end := context.WithCancel(ctx)
	t.end = end
	s.Go(ctx, func(ctx context.Context) error {
		if t.connections != nil {
			if err := t.connections.Run(own); err != nil {
				return err
			}
		}
		<-own.Done()
		select {
		case <-time.After(t.how.Timeout): // Pages that are under way have read it by now.
			_ = t.kernel.Close()
			return nil
		case <-ctx.Done(): // The process ends.
			return nil
		}
	})
}
