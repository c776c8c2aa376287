using Polly;
using Polly.Retry;
using StackExchange.Redis;

namespace MedCor.Chat.Calls;

/// <summary>How a call that is under way bears that Redis is away.</summary>
internal sealed class RedisPatience(TimeProvider clock)
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromSeconds(5);

    /// <summary>For pieces of an answer: a moment, as at a change of masters. Then the model is let go of, since nobody could read on.</summary>
    public ResiliencePipeline Short { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(GivesUpAfter).AddRetry(Often(TimeSpan.FromMilliseconds(100))).Build();

    /// <summary>For an ending: until it is told, so that whoever comes back to read finds it.</summary>
    public ResiliencePipeline Long { get; } = new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(Often(TimeSpan.FromSeconds(1))).Build();

    /// <summary>Also when it is there and refuses: while it loads, after a change of masters until it has replicas, or when it is full.</summary>
    private static RetryStrategyOptions Often(TimeSpan pause) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<RedisException>().Handle<TimeoutException>(),
        MaxRetryAttempts = int.MaxValue,
        Delay = pause,
    };
}
