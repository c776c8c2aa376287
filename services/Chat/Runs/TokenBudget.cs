using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Chat.Runs;

/// <summary>
/// Limits what callers request from the model: tokens per day (UTC) by user, by hospital and for the server token, and answers that
/// are written for one user concurrently. PostgreSQL counts, so that the limits hold over all replicas. A caller with any tokens
/// left may ask once more, so a budget is exceeded by one run at most.
/// </summary>
internal sealed class TokenBudget(ChatDb db, ChatStreamStore streams, IOptions<ChatLimits> options, TimeProvider clock)
{
    private readonly ChatLimits _limits = options.Value;

    /// <summary>Throws <see cref="RateLimited"/> when a caller has no tokens left, or too many unfinished runs, before anything is started.</summary>
    public async Task ThrowIfExceededAsync(ChatRunOwner owner, CancellationToken ct)
    {
        var accounts = AccountsOf(owner);
        var (owners, today) = (accounts.Select(a => a.Owner).ToArray(), DayOf(clock.GetUtcNow()));
        var used = await db.DailyUsage.Where(u => u.HospitalId == owner.HospitalId && owners.Contains(u.OwnerId) && u.Day == today)
            .ToDictionaryAsync(u => u.OwnerId, u => u.Tokens, ct);
        if (accounts.FirstOrDefault(a => used.GetValueOrDefault(a.Owner) >= a.Limit) is { } exceeded) throw BudgetExceeded(exceeded);
        await ThrowIfTooManyRunsAsync(owner, ct);
    }

    /// <summary>
    /// Charges a run with the maximum that it may use, in the transaction that writes its row. Two runs of one user are charged one after the other, so neither
    /// misses the other. Throws <see cref="RateLimited"/> when a limit is exceeded.
    /// </summary>
    public async Task ChargeAsync(ChatRun run, ChatRunOwner owner)
    {
        // The user's own budget comes first; the hospital's, for which other users wait, comes last.
        foreach (var account in AccountsOf(owner))
        {
            var (day, limit) = (DayOf(run.CreatedAt), account.Limit);
            var charged = await db.Database.ExecuteSqlAsync($"""
                INSERT INTO chat_usage (hospital_id, owner_id, day, tokens) VALUES ({owner.HospitalId}, {account.Owner}, {day}, {run.TokensCharged})
                ON CONFLICT (hospital_id, owner_id, day) DO UPDATE SET tokens = chat_usage.tokens + excluded.tokens WHERE chat_usage.tokens < {limit}
                """);
            if (charged == 0) throw BudgetExceeded(account);
            if (account.Owner == owner.UserId) await ThrowIfTooManyRunsAsync(owner, CancellationToken.None, excludedRun: run.Id);
        }
    }

    /// <summary>
    /// Replaces the charge of a run that calls tools with what it has used and what its next request to the model may use. Throws <see cref="RateLimited"/>,
    /// and changes nothing, when a limit is exceeded without that request.
    /// </summary>
    public async Task ChargeRoundAsync(Guid run, ChatRunOwner owner, int used, int foreseen)
    {
        db.Tenancy.Enter(owner.HospitalId);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        var charged = await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.Id == run).Select(c => new { c.CreatedAt, c.TokensCharged }).SingleAsync();
        var (day, difference) = (DayOf(charged.CreatedAt), used + foreseen - charged.TokensCharged);
        // The run first, as when its end is saved.
        if (await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.Id == run && c.State == ChatRunState.Started)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.TokensCharged, c => c.TokensCharged + difference)) == 0) return;
        foreach (var account in AccountsOf(owner))
        {
            var (before, limit) = (charged.TokensCharged - used, account.Limit);
            if (await db.DailyUsage.Where(u => u.HospitalId == owner.HospitalId && u.OwnerId == account.Owner && u.Day == day && u.Tokens - before < limit)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.Tokens, u => u.Tokens + difference)) == 0) throw BudgetExceeded(account);
        }
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Replaces the charge of a run with what it used, in the transaction that saves its end.</summary>
    /// <param name="run">The run, whose row is locked.</param>
    public static async Task AdjustChargeAsync(ChatDb db, Guid hospital, Guid run, int tokens)
    {
        var charged = await db.Runs.Where(c => c.HospitalId == hospital && c.Id == run)
            .Select(c => new { c.OwnerId, c.CreatedAt, c.TokensCharged }).SingleAsync();
        if (charged.TokensCharged == tokens) return;
        var (day, difference) = (DayOf(charged.CreatedAt), tokens - charged.TokensCharged);
        // In the order of ChargeAsync. The nil hospital has no budget as a whole: its nil owner is the server token.
        foreach (var owner in hospital == Guid.Empty ? (Guid[])[charged.OwnerId] : [charged.OwnerId, Guid.Empty])
            await db.DailyUsage.Where(u => u.HospitalId == hospital && u.OwnerId == owner && u.Day == day)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.Tokens, u => u.Tokens + difference));
        await db.Runs.Where(c => c.HospitalId == hospital && c.Id == run).ExecuteUpdateAsync(set => set.SetProperty(c => c.TokensCharged, tokens));
    }

    private async Task ThrowIfTooManyRunsAsync(ChatRunOwner owner, CancellationToken ct, Guid excludedRun = default)
    {
        if (_limits.MaxConcurrentRuns == 0 || owner == ChatRunOwner.Server) return;
        var open = await db.Runs
            .Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.State == ChatRunState.Started && c.Id != excludedRun)
            .Select(c => c.Id).Take(2 * _limits.MaxConcurrentRuns).ToListAsync(ct);
        if (open.Count < _limits.MaxConcurrentRuns) return;
        // A cancellation reaches the row of a run a moment later than Redis.
        var states = await Task.WhenAll(open.Select(streams.GetStateAsync));
        if (states.Count(s => s == ChatRunState.Started) >= _limits.MaxConcurrentRuns)
            throw new RateLimited($"{_limits.MaxConcurrentRuns} of your answers are already in progress. Wait for one to end, or cancel one.", retryAfter: 5);
    }

    /// <summary>Returns the budgets that a caller's runs are charged to, in the order in which their rows are locked.</summary>
    private BudgetAccount[] AccountsOf(ChatRunOwner owner) => owner switch
    {
        _ when owner == ChatRunOwner.Server => [new(owner.UserId, _limits.DailyTokensOfServerToken, "The server token's")],
        { HospitalId: var hospital } when hospital == Guid.Empty => [new(owner.UserId, _limits.DailyTokensPerUser, "Your")],
        _ => [new(owner.UserId, _limits.DailyTokensPerUser, "Your"), new(Guid.Empty, _limits.DailyTokensPerHospital, "Your hospital's")],
    };

    private RateLimited BudgetExceeded(BudgetAccount account)
    {
        var now = clock.GetUtcNow();
        return new($"{account.Whose} daily limit of {account.Limit} tokens is used up. Retry after midnight UTC.",
            retryAfter: (int)Math.Ceiling((now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime).TotalSeconds));
    }

    private static DateOnly DayOf(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime);

    private sealed record BudgetAccount(Guid Owner, long Budget, string Whose)
    {
        public long Limit => Budget == 0 ? long.MaxValue : Budget;
    }
}

/// <summary>Deletes usage after 30 days. The limits need it on its day only; those who look after the costs need it for a month.</summary>
internal sealed class UsageRetention(ChatDb db) : IRetentionPolicy
{
    internal const int RetentionDays = 30;

    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var oldest = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-RetentionDays);
        return db.Database.ExecuteSqlAsync($"DELETE FROM chat_usage WHERE ctid IN (SELECT ctid FROM chat_usage WHERE day < {oldest} LIMIT {maxCount})", ct);
    }
}
