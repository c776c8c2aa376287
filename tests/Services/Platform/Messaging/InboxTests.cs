using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Platform.Messaging;

/// <summary>Tests how a running service handles events that a real broker delivers repeatedly or late.</summary>
public sealed class InboxTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task An_event_that_comes_again_changes_nothing()
    {
        var visit = Visit(AppointmentStatus.Scheduled, version: 1);
        var told = new AppointmentCreated(visit);
        await broker.Publish(told);
        await Counted(visit, AppointmentStatus.Scheduled);

        // The same event ID with different content: only the inbox shows that the event was already handled.
        await broker.Publish(new AppointmentCreated(visit with { Status = AppointmentStatus.Cancelled, Version = 9 }) { EventId = told.EventId });
        var after = Visit(AppointmentStatus.Scheduled, version: 1);
        await broker.Publish(new AppointmentCreated(after));
        await Counted(after, AppointmentStatus.Scheduled);
        await Drained();

        Assert.Equal(1, await broker.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1 AND status = 'SCHEDULED'", visit.Id));
        Assert.Equal(1, await broker.QueryNumber("analytics", "SELECT count(*) FROM inbox WHERE event_id = $1", told.EventId));
    }

    [Fact]
    public async Task An_event_that_comes_late_does_not_undo_a_newer_one()
    {
        var visit = Visit(AppointmentStatus.Completed, version: 3);
        await broker.Publish(new AppointmentUpdated(visit));
        await Counted(visit, AppointmentStatus.Completed);

        await broker.PublishTo("analytics", new AppointmentUpdated(visit with { Status = AppointmentStatus.InProgress, Version = 2 }));

        Assert.Equal(1, await broker.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1 AND status = 'COMPLETED'", visit.Id));
    }

    private Task Counted(Appointment visit, AppointmentStatus status) => Wait.Until(
        async () => await broker.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1 AND status = $2", visit.Id,
            status.ToString().ToUpperInvariant()) == 1,
        "Analytics counted the visit");

    /// <summary>Waits until all published messages are handled. Several are handled concurrently, so as many later ones must be handled first.</summary>
    private async Task Drained()
    {
        for (var i = 0; i < 16; i++)
        {
            var marker = new AppointmentCreated(Visit(AppointmentStatus.Scheduled, 1));
            await broker.Publish(marker);
            await Counted(marker.Appointment, AppointmentStatus.Scheduled);
        }
    }

    private static Appointment Visit(AppointmentStatus status, long version)
    {
        var start = new DateTimeOffset(2031, 3, 3, 9, 0, 0, TimeSpan.Zero);
        return new(
            Id: Guid.CreateVersion7(),
            HospitalId: Guid.CreateVersion7(),
            PatientId: Guid.CreateVersion7(),
            PatientName: "P",
            DoctorId: Guid.CreateVersion7(),
            DoctorName: "D",
            AppointmentDate: new(2031, 3, 3),
            AppointmentTime: new(9, 0),
            DurationMinutes: 30,
            TimeZone: "UTC",
            StartsAt: start,
            EndsAt: start.AddMinutes(30),
            Reason: "reason",
            Notes: null,
            Status: status,
            Rating: null,
            RatingComment: null,
            RescheduledFrom: null,
            RescheduledTo: null,
            Version: version,
            CreatedAt: start,
            UpdatedAt: start);
    }
}
