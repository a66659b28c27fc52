-- SQL outside of the migrations is ours to wrap: this comment of a query goes on behind column 120 and fails the check too.
SELECT 1;
