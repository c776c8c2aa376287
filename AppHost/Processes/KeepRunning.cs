namespace MedCor.AppHost.Processes;

/// <summary>Marks a resource that is started again when it ends by itself.</summary>
/// <param name="IsReported">Whether it has a line in the report and in <c>run.json</c>.</param>
internal sealed record KeepRunningAnnotation(bool IsReported) : IResourceAnnotation;

/// <summary>Marks resources to be kept running.</summary>
internal static class KeepRunningExtensions
{
    /// <summary>Has a resource started again, at its address and with growing pauses, when it ends by itself.</summary>
    public static IResourceBuilder<T> KeepRunning<T>(this IResourceBuilder<T> resource, bool isReported = true) where T : IResource =>
        resource.WithAnnotation(new KeepRunningAnnotation(isReported));
}
