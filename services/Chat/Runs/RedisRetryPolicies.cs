using Polly;
using Polly.Retry;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>How a call that is under way bears that Redis is away.</summary>
internal sealed class RedisRetryPolicies(TimeProvider clock)
{
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(5);

    /// <summary>For pieces of an answer: a moment, as at a change of masters. Then the model is let go of, since nobody could read on.</summary>
    public ResiliencePipeline ForPieces { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(PieceTimeout).AddRetry(RetryEvery(TimeSpan.FromMilliseconds(100))).Build();

    /// <summary>For an ending: until it is told, so that whoever comes back to read finds it.</summary>
    public ResiliencePipeline ForEnding { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(RetryEvery(TimeSpan.FromSeconds(1))).Build();

    /// <summary>Also when it is there and refuses: while it loads, after a change of masters until it has replicas, or when it is full.</summary>
    private static RetryStrategyOptions RetryEvery(TimeSpan pause) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<RedisException>().Handle<TimeoutException>(),
        MaxRetryAttempts = int.MaxValue,
        Delay = pause,
    };
}
