package door

// Media types that doors take and answer.
const (
	JSON    = "application/json"
	Problem = "application/problem+json" // RFC 9457
	HTML    = "text/html; charset=utf-8"
	CSV     = "text/csv; charset=utf-8"
	NDJSON  = "application/x-ndjson"
	Form    = "application/x-www-form-urlencoded"
)

// Header fields by which a client says what a change depends on.
const (
	// HeaderIfMatch is the ETag of the object that a change was made from (RFC 9110,
	// section 13.1.1).
	HeaderIfMatch = "If-Match"
	// HeaderIdempotencyKey names a request that is sent again when its answer was
	// lost.
	HeaderIdempotencyKey = "Idempotency-Key"
	// HeaderRevision is the revision of a change, in its answer.
	HeaderRevision = "Tokenry-Revision"
	// HeaderActAs names the member with whose rights a call is decided.
	HeaderActAs = "Tokenry-Act-As"
)
