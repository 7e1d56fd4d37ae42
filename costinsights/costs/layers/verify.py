"""Re-adding the layers: each day's facts and its ledger row must say the same, to the micro-unit."""

from django.db import connection

from costinsights.costs.history.verify import Mismatch, Verdict


def verify_layers() -> Verdict:
    """Compare every stored day of every layer with the sum of its facts."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(w.cluster_id, f.cluster_id), coalesce(w.layer, f.layer), coalesce(w.day, f.day),
                   coalesce(w.rows, 0), coalesce(w.total, 0), coalesce(w.unknown_rows, 0),
                   coalesce(f.rows, 0), coalesce(f.total, 0), coalesce(f.unknown_rows, 0)
            FROM (SELECT * FROM costs_layerwindow WHERE revision > 0) AS w
            FULL JOIN (
              SELECT d.cluster_id, d.layer, d.day, count(i.id)::int AS rows,
                     coalesce(sum(d.total_cost), 0)::bigint AS total, sum(d.unknown_rows)::int AS unknown_rows
              FROM costs_layerday d
              LEFT JOIN costs_layeritem i ON i.id = d.item_id
              GROUP BY 1, 2, 3
            ) AS f ON f.cluster_id = w.cluster_id AND f.layer = w.layer AND f.day = w.day
            ORDER BY 1, 2, 3
            """
        )
        found = cursor.fetchall()
    mismatches = [
        Mismatch(
            f"cluster {row[0]}, {row[1]} of {row[2]}",
            f"ledger: {row[3]} rows, {row[4]}; facts: {row[6]} rows, {row[7]}",
        )
        for row in found
        if row[3:6] != row[6:9]
    ]
    return Verdict(len(found), sum(row[6] for row in found), mismatches)
