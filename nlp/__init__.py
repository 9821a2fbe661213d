"""Text in, scores out: cleaning, language, sentiment, topics, near-copy signatures, training and evaluation."""
