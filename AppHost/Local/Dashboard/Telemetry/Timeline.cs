namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>A stretch of time until now in sixty parts, which a chart shows.</summary>
/// <param name="From">Its first step.</param>
/// <param name="Width">Steps in a part.</param>
internal sealed record Timeline(long From, int Width)
{
    public const int Parts = 60;

    private const int MostMinutes = 60;

    /// <summary>When it begins and how long a part is, in milliseconds, as scripts reckon.</summary>
    public double Begin => From * MetricStore.Step.TotalMilliseconds;

    public double Part => Width * MetricStore.Step.TotalMilliseconds;

    /// <summary>The last minutes, up to the step that is not over yet: that one would always look like a fall.</summary>
    public static Timeline Of(int minutes, long now)
    {
        var width = (int)Math.Max(1, TimeSpan.FromMinutes(Math.Clamp(minutes, 1, MostMinutes)) / (MetricStore.Step * Parts));
        return new Timeline(now - (Parts * width), width);
    }
}
