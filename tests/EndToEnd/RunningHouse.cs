namespace MedCor.Tests.EndToEnd;

/// <summary>The whole of MedCor, started once for all tests of a run by its own host.</summary>
public sealed class RunningHouse
{
    private static readonly Lazy<Task<RunningHouse>> Once = new(Start);

    public required IReadOnlyList<Uri> Gateways { get; init; }

    public static Task<RunningHouse> Get() => Once.Value;

    private static Task<RunningHouse> Start() =>
        Environment.GetEnvironmentVariable("MEDCOR_GATEWAY") is { } running
            ? Task.FromResult(new RunningHouse { Gateways = [.. running.Split(',').Select(g => new Uri(g))] })
            : throw new NotSupportedException("Set MEDCOR_GATEWAY to the address of a running gateway.");
}
