using System.Globalization;
using MedCor.Clinical.Scheduling;

namespace MedCor.Tests.Unit.Clinical;

public sealed class HospitalClockTests
{
    [Theory]
    [InlineData("Europe/Berlin", "2027-01-15", "14:00", "2027-01-15T13:00:00Z")]
    [InlineData("Europe/Berlin", "2027-07-15", "14:00", "2027-07-15T12:00:00Z")]
    [InlineData("America/New_York", "2027-07-15", "20:30", "2027-07-16T00:30:00Z")]
    [InlineData("Asia/Kolkata", "2027-07-15", "09:00", "2027-07-15T03:30:00Z")]
    [InlineData("Asia/Kathmandu", "2027-07-15", "00:00", "2027-07-14T18:15:00Z")]
    [InlineData("Australia/Lord_Howe", "2027-01-15", "00:15", "2027-01-14T13:15:00Z")]
    [InlineData("UTC", "2027-07-15", "23:59", "2027-07-15T23:59:00Z")]
    public void A_local_time_maps_to_one_instant(string zone, string date, string time, string instant) =>
        Assert.Equal(Utc(instant), HospitalClock.ForZone(zone).ToInstant(Date(date), Time(time)));

    [Theory]
    [InlineData("Europe/Berlin", "2027-03-28", "02:00", "2027-03-28T01:00:00Z")]
    [InlineData("Europe/Berlin", "2027-03-28", "02:59", "2027-03-28T01:00:00Z")]
    [InlineData("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:00:00Z")]
    [InlineData("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:30:00Z")]
    [InlineData("Africa/Cairo", "2027-04-30", "00:00", "2027-04-29T22:00:00Z")]
    public void A_skipped_local_time_does_not_exist_and_the_next_instant_follows_the_gap(string zone, string date, string time, string after)
    {
        var clock = HospitalClock.ForZone(zone);
        Assert.Null(clock.ToInstant(Date(date), Time(time)));
        Assert.Equal(Utc(after), clock.FirstInstantFrom(Date(date), Time(time)));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2027-03-28", "01:59", "2027-03-28T00:59:00Z")]
    [InlineData("Europe/Berlin", "2027-03-28", "03:00", "2027-03-28T01:00:00Z")]
    [InlineData("America/New_York", "2027-03-14", "03:00", "2027-03-14T07:00:00Z")]
    public void The_minutes_beside_a_gap_exist(string zone, string date, string time, string instant) =>
        Assert.Equal(Utc(instant), HospitalClock.ForZone(zone).ToInstant(Date(date), Time(time)));

    [Theory]
    [InlineData("Europe/Berlin", "2027-10-31", "02:00", "2027-10-31T00:00:00Z")]
    [InlineData("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T00:30:00Z")]
    [InlineData("Europe/Berlin", "2027-10-31", "03:00", "2027-10-31T02:00:00Z")]
    [InlineData("America/New_York", "2027-11-07", "01:30", "2027-11-07T05:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45:00Z")]
    public void An_ambiguous_local_time_means_the_earlier_instant(string zone, string date, string time, string instant) =>
        Assert.Equal(Utc(instant), HospitalClock.ForZone(zone).ToInstant(Date(date), Time(time)));

    [Theory]
    [InlineData("Europe/Berlin", "2027-07-14T22:00:00Z", "2027-07-15")]
    [InlineData("Europe/Berlin", "2027-07-14T21:59:59Z", "2027-07-14")]
    [InlineData("America/New_York", "2027-07-15T03:59:00Z", "2027-07-14")]
    public void Days_change_at_the_hospitals_midnight(string zone, string instant, string date) =>
        Assert.Equal(Date(date), HospitalClock.ForZone(zone).ToDate(Utc(instant)));

    private static DateOnly Date(string text) => DateOnly.Parse(text, CultureInfo.InvariantCulture);
    private static TimeOnly Time(string text) => TimeOnly.Parse(text, CultureInfo.InvariantCulture);
    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
