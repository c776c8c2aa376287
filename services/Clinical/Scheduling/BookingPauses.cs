using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using MedCor.Platform.Retention;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Scheduling;

/// <summary>
/// Orders bookings relative to the changes that must list every affected booking. A booking shares a lock with all other bookings of its doctor, patient and
/// hospital; such a change in this service takes the lock exclusively. For a change in another service, a row pauses bookings until the change's event is
/// handled or the pause expires.
/// </summary>
internal sealed class BookingPauses(ClinicalDb db, TimeProvider clock) : IRetentionPolicy
{
    /// <summary>The longest time for which a change pauses bookings, if it is abandoned: longer than an event takes while the broker is available.</summary>
    private static readonly TimeSpan PauseDuration = TimeSpan.FromMinutes(1);

    /// <summary>The longest time for which a booking waits for the event of a change, which usually takes milliseconds.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private const int MaxListed = 100;
    private const int MaxCounted = 10_000;

    /// <summary>Begins a pause when the bookings in progress have ended, and returns the upcoming bookings.</summary>
    internal async Task<UpcomingBookings> BeginAsync(PauseBookings request, CancellationToken ct)
    {
        var (user, now) = (request.UserId, clock.GetUtcNow());
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await LockExclusiveAsync(user ?? request.HospitalId, ct);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO booking_pauses (hospital_id, subject_id, version, until)
            VALUES ({request.HospitalId}, {user ?? request.HospitalId}, {request.Version}, {now + PauseDuration})
            ON CONFLICT (hospital_id, subject_id) DO UPDATE SET version = excluded.version, until = excluded.until
            """, ct);

        var upcoming = db.Appointments.AsNoTracking()
            .Where(a => a.HospitalId == request.HospitalId && a.Status == AppointmentStatus.Scheduled && a.StartsAt >= now);
        if (user is not null) upcoming = upcoming.Where(a => a.DoctorId == user || a.PatientId == user);
        var next = await upcoming.OrderBy(a => a.StartsAt).ThenBy(a => a.Id).Take(MaxListed)
            .Select(a => new UpcomingBooking(a.Id, a.PatientId, a.DoctorId, a.AppointmentDate, a.AppointmentTime, a.TimeZone, a.StartsAt)).ToListAsync(ct);
        var total = next.Count < MaxListed ? next.Count : await upcoming.Take(MaxCounted).LongCountAsync(ct);
        await transaction.CommitAsync(ct);
        return new(next, total);
    }

    /// <summary>
    /// Takes the exclusive lock of a doctor, patient or hospital until the transaction ends. Waits for bookings in progress; later bookings wait for the lock.
    /// </summary>
    internal Task<int> LockExclusiveAsync(Guid subject, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({LockName(subject)}, 0))", ct);

    /// <summary>
    /// Takes the shared locks of a booking, with the next command, until the transaction ends. Waits for a change that holds one of them exclusively; later
    /// changes wait for the locks. Whatever was read before must be read again with that command.
    /// </summary>
    /// <remarks>
    /// The locks are taken before all others, by changes too, and a change that takes several exclusively, as a merge does, takes them in the order of their
    /// subjects. A merge's further lock is waited for by nobody who holds one of these of the same patient, so that no deadlock can occur.
    /// </remarks>
    internal void LockSharedWithNext(Guid hospital, Guid doctor, Guid patient) => db.ExecuteWithNext($"""
        SELECT pg_advisory_xact_lock_shared(hashtextextended({LockName(hospital)}, 0)), pg_advisory_xact_lock_shared(hashtextextended({LockName(doctor)}, 0)),
            pg_advisory_xact_lock_shared(hashtextextended({LockName(patient)}, 0))
        """);

    /// <summary>Waits for a pause to end, at most <see cref="MaxWait"/>. To be called before the transaction, which holds a connection.</summary>
    internal async Task WaitUntilEndedAsync(Guid hospital, Guid doctor, Guid patient, CancellationToken ct)
    {
        var startedAt = clock.GetTimestamp();
        using var timer = new PeriodicTimer(PollInterval, clock);
        while (await IsPausedAsync() && clock.GetElapsedTime(startedAt) < MaxWait) await timer.WaitForNextTickAsync(ct);

        Task<bool> IsPausedAsync()
        {
            var now = clock.GetUtcNow();
            return db.BookingPauses.AnyAsync(
                p => p.HospitalId == hospital && (p.SubjectId == hospital || p.SubjectId == doctor || p.SubjectId == patient) && p.Until > now, ct);
        }
    }

    /// <summary>Ends the pause of a doctor, patient or hospital if it waits for this version or an earlier one.</summary>
    internal Task<int> EndAsync(Guid subject, long version, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"DELETE FROM booking_pauses WHERE subject_id = {subject} AND version < {version}", ct);

    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"""
            DELETE FROM booking_pauses
            WHERE (hospital_id, subject_id) IN (SELECT hospital_id, subject_id FROM booking_pauses WHERE until < {now} LIMIT {maxCount})
            """, ct);

    private static string LockName(Guid subject) => $"bookings of {subject}";
}

/// <summary>Ends a pause when the event of its change is handled.</summary>
internal sealed class EndBookingPauses(BookingPauses pauses) : IEventHandler<UserUpdated>, IEventHandler<UserDeactivated>, IEventHandler<HospitalUpdated>
{
    public Task HandleAsync(UserUpdated integrationEvent, CancellationToken ct) => pauses.EndAsync(integrationEvent.User.Id, integrationEvent.User.Version, ct);

    public Task HandleAsync(UserDeactivated integrationEvent, CancellationToken ct) =>
        pauses.EndAsync(integrationEvent.User.Id, integrationEvent.User.Version, ct);

    public Task HandleAsync(HospitalUpdated integrationEvent, CancellationToken ct) =>
        pauses.EndAsync(integrationEvent.Hospital.Id, integrationEvent.Hospital.Version, ct);
}

/// <summary>Represents a stored pause of bookings.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class BookingPause : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid SubjectId { get; init; }
    public long Version { get; init; }
    public DateTimeOffset Until { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<BookingPause>
    {
        public void Configure(EntityTypeBuilder<BookingPause> pause) => pause.ToTable("booking_pauses").HasKey(p => new { p.HospitalId, p.SubjectId });
    }
}
