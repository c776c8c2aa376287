using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MedCor.Tests.Fixtures;

namespace MedCor.Load;

/// <summary>Scripts a model to answer every question with the same tokens at a steady pace, and records when it sent each token.</summary>
internal sealed class PacedAnswer(int tokens, int tokensPerSecond)
{
    private readonly string[] _tokens = [.. Enumerable.Range(0, tokens).Select(i => string.Create(CultureInfo.InvariantCulture, $" word{i}"))];
    private readonly ConcurrentDictionary<string, long[]> _sentAt = new();

    /// <summary>Gets the full text of every answer.</summary>
    public string Text => field ??= string.Concat(_tokens);

    /// <summary>Sends the answer to a question.</summary>
    public async Task Send(StubModelServer.Exchange model)
    {
        var times = _sentAt[model.Question] = new long[_tokens.Length];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / tokensPerSecond));
        for (var i = 0; i < _tokens.Length; i++)
        {
            times[i] = Stopwatch.GetTimestamp();
            await model.SendToken(_tokens[i]);
            await model.WaitFor(timer.WaitForNextTickAsync().AsTask());
        }
        await model.SendAnswer();
    }

    /// <summary>Returns the timestamps at which the tokens of the answer to a question were sent. Questions must be unique.</summary>
    public long[] SentAt(string question) => _sentAt[question];
}
