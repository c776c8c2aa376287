using Polly;
using Polly.Retry;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>Defines how runs retry operations while Redis is unavailable.</summary>
internal sealed class RedisRetryPolicies(TimeProvider clock)
{
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets the pipeline for pieces of an answer: it retries for a short time, as during a failover. Then the run
    /// stops reading from the model, because no client could read on.
    /// </summary>
    public ResiliencePipeline ForPieces { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(PieceTimeout)
        .AddRetry(RetryEvery(TimeSpan.FromMilliseconds(100))).Build();

    /// <summary>Gets the pipeline for the end of a run: it retries until the end is published, so that a client that returns to read finds it.</summary>
    public ResiliencePipeline ForEnding { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(RetryEvery(TimeSpan.FromSeconds(1))).Build();

    /// <summary>
    /// Creates the retry options. They also apply when Redis is reachable but rejects commands: while it
    /// loads, after a failover until it has replicas, or when it is full.
    /// </summary>
    private static RetryStrategyOptions RetryEvery(TimeSpan delay) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<RedisException>().Handle<TimeoutException>(),
        MaxRetryAttempts = int.MaxValue,
        Delay = delay,
    };
}
