"""What a schema can't say: date_from does not lie after date_to."""

import schemathesis


@schemathesis.hook
def map_query(context, query):
    if isinstance(query, dict):
        first, last = query.get("date_from"), query.get("date_to")
        if isinstance(first, str) and isinstance(last, str) and first > last:
            query = {**query, "date_from": last, "date_to": first}
    return query
