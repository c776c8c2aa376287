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

    /// <summary>Whether Redis says that it is there and not yet, or no longer, the one to ask.</summary>
    private static bool IsStarting(RedisServerException said) => said.Message.Split(' ')[0] is "LOADING" or "READONLY" or "MASTERDOWN";

    private static RetryStrategyOptions Often(TimeSpan pause) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<RedisConnectionException>().Handle<TimeoutException>().Handle<RedisServerException>(IsStarting),
        MaxRetryAttempts = int.MaxValue,
        Delay = pause,
    };
}
