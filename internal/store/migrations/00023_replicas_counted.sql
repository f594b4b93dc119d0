-- Builds that know nothing of `behind` (00019) count a row as having applied a change that its
-- replicas have not, so they would answer a revocation too early: none of them stays.

-- +goose Up

UPDATE builds SET lowest = 19 WHERE id = 1;
