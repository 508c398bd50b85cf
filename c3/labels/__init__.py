"""Which segments are worth a label, who answers, and which windows get the answer."""
