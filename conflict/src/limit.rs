//! Limits of requests under way on one node: exact, with queues and priorities, fixed or found out.
