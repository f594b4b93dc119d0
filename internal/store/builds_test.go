package store_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/migrate"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestABuildOfBeforeRunsOnASchemaThatSaysSo: nodes are replaced one by one, and one
// that was not replaced yet may have to start again meanwhile.
func TestABuildOfBeforeRunsOnASchemaThatSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		applied := map[bool]string{true: "1", false: "true"}[s.Engine() == "sqlite"]
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		insert(on, beside(t, url), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, `+applied+`)`)
		for _, o := range []store.Options{{URL: url}, {URL: url, NoLock: true}, {URL: url, ReadOnly: true}} {
			s, err := store.Open(t.Context(), o)
			if err != nil {
				t.Errorf("%+v was answered with %v", o, err)
				continue
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAMigrationWaitsForNodesOfBefore: what a build that still serves would not know is
// not brought; one that died holds nothing up.
func TestAMigrationWaitsForNodesOfBefore(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s := open(t, store.Options{URL: url})
	older, version := store.Older(s)
	log := slog.New(slog.DiscardHandler)
	lease := ledger.Lease{Node: "node_old", Incarnation: "i", Length: 2 * time.Second, Holder: "old:1"}
	if err := s.Nodes().Join(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if err := migrate.AwaitOlder(t.Context(), older, version, log); err != nil {
		t.Errorf("beside a node of this build: %v", err)
	}
	lives, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() {
		for lives.Err() == nil {
			r, err := s.Nodes().Renew(t.Context(), lease)
			if err != nil {
				stopped <- err
				return
			}
			lease.Renewal, lease.Applied, lease.Digest = r.Renewal, r.Head.Revision, r.Head.Digest
		}
		stopped <- nil
	}()
	var builds *migrate.BuildsError
	if err := migrate.AwaitOlder(t.Context(), older, version+1, log); !errors.As(err, &builds) || builds.Holder != "old:1" || !strings.Contains(err.Error(), "stop it") {
		t.Errorf("beside a node of an older build: %v", err)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if err := migrate.AwaitOlder(t.Context(), older, version+1, log); err != nil {
		t.Errorf("beside one that died: %v", err)
	}
}

// TestANodeOfBeforeDoesNotJoinANewerSchema: it looked at the schema before that was
// migrated.
func TestANodeOfBeforeDoesNotJoinANewerSchema(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s := open(t, store.Options{URL: url})
	insert(engine{t, url}, beside(t, url), `UPDATE builds SET lowest = 99`)
	err := s.Nodes().Join(t.Context(), ledger.Lease{Node: "node_old", Incarnation: "i", Length: time.Second, Holder: "old:1"})
	if err == nil || !strings.Contains(err.Error(), "newer version has migrated") {
		t.Errorf("answered %v", err)
	}
}
