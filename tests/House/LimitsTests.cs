using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using MedCor.Chat.Calls;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Events;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Surfaces;
using MedCor.Gateway.Tools;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults;
using MedCor.Tests.EndToEnd;
using Microsoft.Extensions.Configuration;

namespace MedCor.Tests.House;

/// <summary>docs/limits.md says what the code does.</summary>
public sealed class LimitsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RunningHouse.RepositoryRoot(), "docs/limits.md"));

    /// <summary>Every setting of the gateway and of Chat that is a bound.</summary>
    public static TheoryData<string> Variables =>
    [
        .. from options in (Type[])[typeof(LimitOptions), typeof(LiveOptions), typeof(ChatOptions), typeof(CacheOptions), typeof(ModelOptions), typeof(ChatLimits)]
           from property in options.GetProperties()
           let name = property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name
           where name is not null && (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type && (type == typeof(int) || type == typeof(long))
           select name,
    ];

    [Theory, MemberData(nameof(Variables))]
    public void Each_setting_that_is_a_bound_stands_on_the_page_and_among_the_others(string variable)
    {
        Assert.Contains($"`{variable}`", Page, StringComparison.Ordinal);
        Assert.Contains($"`{variable}`", File.ReadAllText(Path.Combine(RunningHouse.RepositoryRoot(), "docs", "configuration.md")), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Bounds => new()
    {
        { "connections at a gateway", Number(LimitOptions.UsualConnections) },
        { "connections at a gateway", Size(LimitOptions.MemoryOfConnection) },
        { "connections of one address at a gateway", Number(LimitOptions.UsualConnectionsPerAddress) },
        { "trusted proxies that a call passes", Number(new LimitOptions().TrustedHops) },
        { "time until the headers are whole", Seconds(Connections.HeadersWithin) },
        { "a connection on which nothing is asked", $"{Connections.IdleFor.TotalMinutes} min" },
        { "a body |", Size(MedCorService.LargestBody) },
        { "a body |", Size(RequestBody.MostDropped) },
        { "a body at `/api/auth/`", Size(Accounts.LargestBody) },
        { "time until a body is whole", Seconds(RequestBody.Within) },
        { $"pace of a body once {Seconds(Connections.Grace)}", Number(Connections.LeastBytesPerSecond) },
        { "calls a minute of one caller", Number(new LimitOptions().Calls) },
        { "attempts to log in", Number(new LimitOptions().LogInsOrUsual) },
        { "an idempotency key", Number(IdempotencyKey.Longest) },
        { "requests, messages and answers", Size(new LimitOptions().WaitingBytes) },
        { "bodies in the memory of a service", Seconds(CallMemory.Patience) },
        { "what a service reads to answer", Seconds(CallMemory.Patience) },
        { "a call at its service", Seconds(Passage.Patience) },
        { "age of what", Seconds(WellKnown.Fresh) },
        { "one thing", Size(AnswerBuffer.LargestThing) },
        { "an answer | 16", Size(AnswerBuffer.Largest) },
        { "time in which an answer is taken", Seconds(ToolAnswer.TakenWithin) },
        { "what is kept of reference data", $"{new CacheOptions().Seconds} s" },
        { "WebSockets of a user", Number(new LimitOptions().Sockets) },
        { "event streams of a user", Number(new LimitOptions().Streams) },
        { "both of all users", Number(new LimitOptions().Listeners) },
        { "WebSockets of an address on", Number(Standing.MostStrangers) },
        { "WebSockets of all on which", Number(Standing.MostStrangersOfAll) },
        { "time until a message is whole", Seconds(SocketMessage.Within) },
        { "a line of an event stream", Size(LiveEvent.LongestLine) },
        { "events that wait for a listener", Number(MedCor.Gateway.Events.Listener.MostWaiting) },
        { "events that wait for a listener", Size(MedCor.Gateway.Events.Listener.MostWaitingBytes) },
        { "events of a hospital that are kept", Number(LiveStreams.Kept) },
        { "events of a hospital that are kept", Size(LiveStreams.KeptBytes) },
        { "events of all hospitals", Size(LiveStreams.KeptBytesOfAll) },
        { "answers of tools that are kept", Size(LiveStreams.AnswersKeptBytes) },
        { "of them for one person", Size(LiveStreams.AnswersKeptBytesEach) },
        { "time between signs of life", $"{new LiveOptions().HeartbeatSeconds} s" },
        { "messages of a question", Number(ExecuteCall.MostMessages) },
        { "answers that a process of Chat", Number(Places.Most) },
        { "what is remembered of a conversation", Number(MedCor.Chat.Calls.Conversation.MostCharacters) },
        { "a stream on which nothing comes", $"{new ChatOptions().SilenceSeconds} s" },
        { "a session", $"{SessionOptions.Longest.TotalDays} days, {SessionOptions.Idle.TotalDays}" },
    };

    [Theory, MemberData(nameof(Bounds))]
    public void What_the_page_says_is_what_the_code_does(string what, string bound)
    {
        var row = Assert.Single(Page.Split('\n'), line => line.StartsWith($"| {what}", StringComparison.Ordinal));

        Assert.Matches($@"(?<![\d,]){Regex.Escape(bound)}(?![\d]|,\d)", row);
    }

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds} s";

    private static string Size(int bytes) => bytes >= 1024 * 1024 ? $"{bytes / 1024 / 1024} MiB" : $"{bytes / 1024} KiB";
}
