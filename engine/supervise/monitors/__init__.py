"""Monitors over running pilots: two of them, that share nothing but the events and the declarations in the pack.

events      what happens in a pilot: typed, timed by the event, ordered by its recording
reference   the plain definition of each counter, over raw events
fold        the same counters, kept up exactly as events come, out of order or corrected
to_stream   the counters as one message an event for durable_rules, in a worker process of its own
watch       both, side by side: nothing is proposed before both have spoken, and the stricter stands
"""
