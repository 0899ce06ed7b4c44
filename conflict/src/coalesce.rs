//! One upstream call for identical requests at the same time: who leads, who follows, and when they part.
