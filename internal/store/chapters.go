package store

import "github.com/tokenry/tokenry/internal/ledger"

// The chapters of the contract, each over the one session of its snapshot or of its
// mutation. What stands behind a chapter is what its file says.
type (
	headRows      struct{ *reader }
	workspaceRows struct{ *reader }
	peopleRows    struct{ *reader }
	tokenRows     struct{ *reader }
	rightsRows    struct{ *reader }
	auditRows     struct{ *reader }
	signInRows    struct{ *reader }
	outboxRows    struct{ *reader }
	retentionRows struct{ *reader }
	removalRows   struct{ *reader }
	figureRows    struct{ *reader }
	pageRows      struct{ *reader }
	trustRows     struct{ *reader }
	strangeRows   struct{ *reader }
	unusedRows    struct{ *reader }
)

type (
	headChanges      struct{ *tx }
	peopleChanges    struct{ *tx }
	tokenChanges     struct{ *tx }
	rightsChanges    struct{ *tx }
	auditChanges     struct{ *tx }
	signInChanges    struct{ *tx }
	outboxChanges    struct{ *tx }
	retentionChanges struct{ *tx }
	removalChanges   struct{ *tx }
	trustChanges     struct{ *tx }
	strangeChanges   struct{ *tx }
	unusedChanges    struct{ *tx }
)

// chapters are all that can be read of a snapshot.
func (r *reader) chapters() ledger.Reader {
	return ledger.Reader{
		HeadReader: headRows{r}, WorkspaceReader: workspaceRows{r}, PeopleReader: peopleRows{r}, TokenReader: tokenRows{r},
		RightsReader: rightsRows{r}, AuditReader: auditRows{r}, SignInReader: signInRows{r}, NotifyReader: outboxRows{r},
		RetentionReader: retentionRows{r}, RemovalReader: removalRows{r}, FigureReader: figureRows{r}, PageReader: pageRows{r},
		TrustReader: trustRows{r}, StrangeReader: strangeRows{r}, UnusedReader: unusedRows{r},
	}
}

// chapters are all that a mutation can read and change.
func (t *tx) chapters() ledger.Tx {
	return ledger.Tx{Reader: t.reader.chapters(), Writer: ledger.Writer{
		HeadWriter: headChanges{t}, PeopleWriter: peopleChanges{t}, TokenWriter: tokenChanges{t}, RightsWriter: rightsChanges{t},
		AuditWriter: auditChanges{t}, SignInWriter: signInChanges{t}, NotifyWriter: outboxChanges{t},
		RetentionWriter: retentionChanges{t}, RemovalWriter: removalChanges{t}, TrustWriter: trustChanges{t},
		StrangeWriter: strangeChanges{t}, UnusedWriter: unusedChanges{t},
	}}
}
