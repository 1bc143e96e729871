"""Everybody who means the same environment waits in the same queue."""

import pytest

from mwaa_async import EnvironmentId
from mwaa_async._identity import own_endpoint


@pytest.mark.parametrize(
    "url",
    [
        "https://airflow.eu-west-1.amazonaws.com",
        "https://api.airflow.eu-west-1.amazonaws.com/",
        "https://airflow-fips.us-gov-west-1.amazonaws.com",
        "https://airflow.eu-west-1.api.aws",
        "https://airflow.cn-north-1.amazonaws.com.cn",
        "https://vpce-0123456789abcdef-0abcdefg.airflow.eu-west-1.vpce.amazonaws.com",
        "HTTPS://VPCE-0123.api.airflow.EU-WEST-1.vpce.amazonaws.com.:443/",
    ],
)
def test_aws_s_own_endpoints_lead_to_the_same_environment(url: str) -> None:
    assert own_endpoint(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:5000",
        "http://localhost:5000/",
        "http://LOCALHOST:5000",
        "http://127.0.0.1:5000",
        "http://[::1]:5000/",
        "HTTP://localhost.:5000",
    ],
)
def test_one_endpoint_may_be_written_in_many_ways(url: str) -> None:
    assert own_endpoint(url) == "http://localhost:5000"


@pytest.mark.parametrize("url", ["https://localhost:99999", "https://localhost:abc"])
def test_what_is_no_port_is_left_to_the_request(url: str) -> None:
    assert own_endpoint(url) == url


def test_a_default_port_is_no_difference() -> None:
    assert own_endpoint("https://mwaa.example.com") == own_endpoint("https://MWAA.example.com:443/")


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:5000",
        "http://localhost:5001",
        "http://localhost:5000/stage",
        "http://other:5000",
        "https://amazonaws.com.example.com",
        "https://notamazonaws.com",
    ],
)
def test_other_endpoints_are_other_environments(url: str) -> None:
    assert own_endpoint(url) not in (None, "http://localhost:5000")


def test_an_environment_is_told_by_partition_region_name_and_endpoint() -> None:
    assert str(EnvironmentId("aws", "eu-west-1", "prod")) == "aws:eu-west-1:prod"
    assert (
        str(EnvironmentId("aws", "eu-west-1", "prod", "http://localhost:1")) == "aws:eu-west-1:prod:http://localhost:1"
    )
