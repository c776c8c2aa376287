namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>Estimates from a histogram what share of its values lie below what, as Prometheus' histogram_quantile does.</summary>
internal static class Percentile
{
    // Count and sum come before the buckets.
    private const int FirstBucket = 2;

    /// <summary>The value below which that share lies, between its bucket's bounds as if the values there were spread evenly; null of no values.</summary>
    public static double? Of(double[] values, double[] bounds, double share)
    {
        var buckets = values.AsSpan(FirstBucket);
        var wanted = share * values[0];
        if (wanted <= 0 || bounds.Length == 0)
        {
            return null;
        }

        var below = 0d;
        for (var index = 0; index < bounds.Length; index++)
        {
            if (below + buckets[index] >= wanted && buckets[index] > 0)
            {
                var begin = index == 0 ? Math.Min(0, bounds[0]) : bounds[index - 1];
                return begin + ((bounds[index] - begin) * (wanted - below) / buckets[index]);
            }

            below += buckets[index];
        }

        // Beyond the last bound nothing is known but that.
        return bounds[^1];
    }
}
